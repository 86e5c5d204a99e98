import type { ReactNode } from 'react'
import { Brand } from './Brand'
import styles from './EntryLayout.module.css'
import { ThemeMenu } from './UserMenu'

/** The frame of the pages before somebody is signed in. */
export function EntryLayout({
  title,
  lead,
  children,
}: {
  title: string
  lead?: ReactNode
  children: ReactNode
}) {
  return (
    <div className={styles.ground}>
      <title>{`${title} · Holdfast`}</title>
      <header className={styles.bar}>
        <Brand />
        <ThemeMenu />
      </header>
      <main className={styles.card}>
        <h1>{title}</h1>
        {lead !== undefined && <p className="soft">{lead}</p>}
        {children}
      </main>
    </div>
  )
}
