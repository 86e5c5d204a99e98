import type { ReactNode } from 'react'
import { classes } from './classes'
import styles from './Table.module.css'

export type TableColumn<Row> = {
  title: string
  cell: (row: Row) => ReactNode
  align?: 'right'
  wrap?: boolean
  /** Left out on a phone. */
  isExtra?: boolean
}

type Props<Row> = {
  label: string
  columns: readonly TableColumn<Row>[]
  rows: readonly Row[]
  rowId: (row: Row) => string
}

/** A short list that fits on the page; what may grow long is a Grid. */
export function Table<Row>({ label, columns, rows, rowId }: Props<Row>) {
  return (
    <div className={styles.scroll} role="region" aria-label={label} tabIndex={0}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ title, align, isExtra }) => (
              <th
                key={title}
                scope="col"
                className={classes(align === 'right' && styles.right, isExtra && styles.extra)}
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowId(row)}>
              {columns.map(({ title, cell, align, wrap, isExtra }) => (
                <td
                  key={title}
                  className={classes(
                    align === 'right' && styles.right,
                    wrap && styles.wrap,
                    isExtra && styles.extra,
                  )}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
