import type { ReactNode } from 'react'
import styles from './ErrorLink.module.css'

/** Opens an error in full. */
export function ErrorLink({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className={styles.error} onClick={onClick}>
      {children}
    </button>
  )
}
