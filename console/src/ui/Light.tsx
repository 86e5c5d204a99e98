import { classes } from './classes'
import styles from './Light.module.css'

export type LightColour = 'green' | 'yellow' | 'red' | 'blue' | 'grey'

/** A lamp and its word; the word alone says everything that the colour says. */
export function Light({ colour, word }: { colour: LightColour; word: string }) {
  return (
    <span className={styles.light}>
      <span className={classes(styles.lamp, styles[colour])} aria-hidden="true" />
      {word}
    </span>
  )
}

export type BadgeTone = 'neutral' | 'good' | 'warn' | 'bad' | 'busy'

export function Badge({ tone = 'neutral', children }: { tone?: BadgeTone; children: string }) {
  return <span className={classes(styles.badge, tone !== 'neutral' && styles[tone])}>{children}</span>
}
