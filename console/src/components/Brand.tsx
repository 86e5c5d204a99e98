import styles from './Brand.module.css'

export function Brand() {
  return (
    <span className={styles.brand}>
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <rect width="32" height="32" rx="7" className={styles.ground} />
        <g className={styles.kelp}>
          <path d="M16 5v13" />
          <path d="M16 11c-4 0-6-2-6-5M16 13c4 0 6-2 6-5" />
          <path d="M16 18c0 5-6 4-8 9M16 18c0 5 6 4 8 9M16 18v9" />
        </g>
      </svg>
      Holdfast
    </span>
  )
}
