import type { ReactNode } from 'react'
import { classes } from './classes'
import styles from './Message.module.css'
import { Said } from './Said'

export type NoticeTone = 'busy' | 'warn' | 'bad' | 'good' | 'off'

export function Notice({
  tone,
  title,
  children,
  actions,
}: {
  tone: NoticeTone
  title?: string
  children?: ReactNode
  actions?: ReactNode
}) {
  return (
    <div
      className={classes(styles.notice, tone !== 'busy' && styles[tone])}
      role={tone === 'bad' ? 'alert' : 'status'}
    >
      <div className={styles.text}>
        {title !== undefined && (
          <strong>
            <Said>{title}</Said>
          </strong>
        )}
        {children !== undefined && (
          <div>{typeof children === 'string' ? <Said>{children}</Said> : children}</div>
        )}
      </div>
      {actions}
    </div>
  )
}

/** What stands where data would stand: nothing yet, an error, or no right. */
export function Blank({
  title,
  children,
  code,
  actions,
  alert,
}: {
  title: string
  children?: ReactNode
  code?: string | undefined
  actions?: ReactNode
  alert?: boolean
}) {
  return (
    <div className={styles.state} role={alert ? 'alert' : undefined}>
      <h2>
        <Said>{title}</Said>
      </h2>
      {children !== undefined && <p>{typeof children === 'string' ? <Said>{children}</Said> : children}</p>}
      {actions !== undefined && <div className="line">{actions}</div>}
      {code !== undefined && <div className={styles.code}>{code}</div>}
    </div>
  )
}

export function Skeleton({
  lines = 6,
  label = 'Loading',
  words,
}: {
  lines?: number
  label?: string
  words?: string | undefined
}) {
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      {words !== undefined && <p className="soft">{words}</p>}
      {Array.from({ length: lines }, (_, line) => (
        <div key={line} className={styles.bone} />
      ))}
    </div>
  )
}
