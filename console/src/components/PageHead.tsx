import type { ReactNode } from 'react'
import { Link } from 'react-router'
import styles from './PageHead.module.css'

type Props = {
  title: string
  /** The org: it names the page in the browser's history, and on a phone, where the ways at the side are hidden. */
  place?: string | undefined
  up?: { to: string; name: string } | undefined
  aside?: ReactNode
  children?: ReactNode
}

/** Title, what stands beside it, and the actions of the page. */
export function PageHead({ title, place, up, aside, children }: Props) {
  return (
    <header className={styles.head}>
      <title>{`${title}${place === undefined ? '' : ` · ${place}`} · Holdfast`}</title>
      <div className={styles.words}>
        {place !== undefined && <div className={styles.place}>{place}</div>}
        {up !== undefined && (
          <Link to={up.to} className={styles.up}>
            ← {up.name}
          </Link>
        )}
        <h1 className="wrap-anywhere">{title}</h1>
        {aside !== undefined && <div className={styles.aside}>{aside}</div>}
      </div>
      {children !== undefined && <div className="line">{children}</div>}
    </header>
  )
}
