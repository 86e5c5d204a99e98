import type { ReactNode } from 'react'
import { useId } from 'react'
import styles from './Panel.module.css'

type PanelProps = { title: string; actions?: ReactNode; children: ReactNode; flush?: boolean }

export function Panel({ title, actions, children, flush }: PanelProps) {
  const id = useId()
  return (
    <section className={styles.panel} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {actions !== undefined && <div className="line">{actions}</div>}
      </div>
      <div className={flush ? undefined : styles.body}>{children}</div>
    </section>
  )
}

export type Fact = { name: string; value: ReactNode; note?: ReactNode }

/** A few figures side by side, the value first seen. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map((fact) => (
        <div key={fact.name} className={styles.fact}>
          <dt>{fact.name}</dt>
          <dd>
            {fact.value}
            {fact.note !== undefined && <small>{fact.note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Names and values, one under the other. */
export function Details({ facts }: { facts: Fact[] }) {
  return (
    <dl className={styles.list}>
      {facts.map((fact) => (
        <Detail key={fact.name} {...fact} />
      ))}
    </dl>
  )
}

function Detail({ name, value }: Fact) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}
