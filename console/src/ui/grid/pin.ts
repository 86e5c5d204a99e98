import type { Column } from '@tanstack/react-table'
import type { CSSProperties } from 'react'
import styles from './Grid.module.css'

/** Where a cell stands: pinned ones stick to their edge. */
export function pinStyle<Row>(column: Column<Row>): { style: CSSProperties; className: string | undefined } {
  const side = column.getIsPinned()
  const style: CSSProperties = { width: column.getSize() }
  if (side === false) return { style, className: undefined }
  if (side === 'left') style.left = column.getStart('left')
  else style.right = column.getAfter('right')
  const isEdge = side === 'left' ? column.getIsLastColumn('left') : column.getIsFirstColumn('right')
  const edge = side === 'left' ? styles.pinnedLeftEdge : styles.pinnedRightEdge
  return { style, className: isEdge ? `${styles.pinned} ${edge}` : styles.pinned }
}
