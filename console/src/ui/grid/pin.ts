import type { Column, Table } from '@tanstack/react-table'
import type { CSSProperties } from 'react'
import styles from './Grid.module.css'

/** Where a cell stands: pinned ones stick to their edge. */
export function pinStyle<Row>(
  column: Column<Row>,
  table: Table<Row>,
): { style: CSSProperties; className: string | undefined } {
  const side = column.getIsPinned()
  const style: CSSProperties = { width: column.getSize() }
  if (side === false) {
    // All rows are equally wide, so each shares out what is left in the same way.
    const isSized = table.getState().columnSizing[column.id] !== undefined
    if (column.columnDef.meta?.grows === true && !isSized) style.flexGrow = 1
    return { style, className: undefined }
  }
  if (side === 'left') style.left = column.getStart('left')
  else style.right = column.getAfter('right')
  const isEdge = side === 'left' ? column.getIsLastColumn('left') : column.getIsFirstColumn('right')
  const edge = side === 'left' ? styles.pinnedLeftEdge : styles.pinnedRightEdge
  return { style, className: isEdge ? `${styles.pinned} ${edge}` : styles.pinned }
}
