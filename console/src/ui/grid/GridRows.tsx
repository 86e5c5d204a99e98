import type { Table } from '@tanstack/react-table'
import { flexRender } from '@tanstack/react-table'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect } from 'react'
import { classes } from '../classes'
import type { GridColumn } from './column'
import styles from './Grid.module.css'
import { pinStyle } from './pin'

const rowHeight = 32
const headHeight = 34

export function GridRows<Row>({
  table,
  columns,
  scroller,
  onEnd,
}: {
  table: Table<Row>
  columns: readonly GridColumn<Row>[]
  scroller: HTMLDivElement | null
  onEnd?: (() => void) | undefined
}) {
  const { rows } = table.getRowModel()
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller,
    estimateSize: () => rowHeight,
    measureElement: (row) => row.getBoundingClientRect().height || rowHeight,
    overscan: 12,
    scrollMargin: headHeight,
  })
  const items = virtual.getVirtualItems()
  const wrapping = new Set(columns.filter(({ wraps }) => wraps).map(({ id }) => id))
  const isMeasured = table.getVisibleLeafColumns().some(({ id }) => wrapping.has(id))
  const isAtEnd = (items.at(-1)?.index ?? -1) >= rows.length - 20

  // More rows are asked for because of where the reader has scrolled to.
  useEffect(() => {
    if (isAtEnd) onEnd?.()
  }, [isAtEnd, onEnd, rows.length])

  const right = new Set(columns.filter(({ align }) => align === 'right').map(({ id }) => id))
  return (
    <div role="rowgroup" className={styles.rows} style={{ height: virtual.getTotalSize() }}>
      {items.map((item) => {
        const row = rows[item.index]
        if (row === undefined) return null
        return (
          <div
            key={row.id}
            ref={isMeasured ? virtual.measureElement : undefined}
            data-index={item.index}
            role="row"
            aria-rowindex={item.index + 2}
            className={classes(styles.row, isMeasured && styles.grown)}
            style={{ transform: `translateY(${item.start - headHeight}px)` }}
          >
            {row.getVisibleCells().map((cell) => {
              const { style, className } = pinStyle(cell.column, table)
              return (
                <div
                  key={cell.id}
                  role="cell"
                  className={classes(styles.cell, right.has(cell.column.id) && styles.right, className)}
                  style={style}
                >
                  <div
                    className={classes(styles.text, wrapping.has(cell.column.id) && styles.wrapped)}
                    data-column={cell.column.id}
                  >
                    {flexRender(cell.column.columnDef.cell, cell.getContext())}
                  </div>
                </div>
              )
            })}
          </div>
        )
      })}
    </div>
  )
}
