import { classes } from './classes'
import styles from './Progress.module.css'

type Props = {
  label: string
  done: number
  total: number
  tone?: 'busy' | 'good' | 'warn'
  thin?: boolean
  text?: string
}

export function Progress({ label, done, total, tone = 'busy', thin, text }: Props) {
  const share = total > 0 ? Math.min(1, done / total) : 0
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(share * 100)}
      aria-valuetext={text}
      className={classes(styles.track, thin && styles.thin)}
    >
      <div
        className={classes(styles.fill, tone !== 'busy' && styles[tone])}
        style={{ width: `${share * 100}%` }}
      />
    </div>
  )
}
