import type { ColumnDef } from '@tanstack/react-table'
import type { ReactNode } from 'react'

export type GridColumn<Row> = {
  id: string
  title: string
  cell: (row: Row) => ReactNode
  width: number
  align?: 'right'
  /** Whether the list can be sorted by it; the id is what is asked for. */
  isSortable?: boolean
  isHiddenAtFirst?: boolean
}

export type GridSort = { id: string; descending: boolean }

export function columnDefs<Row>(columns: readonly GridColumn<Row>[]): ColumnDef<Row>[] {
  return columns.map((column) => ({
    id: column.id,
    header: column.title,
    size: column.width,
    minSize: 48,
    maxSize: 1200,
    cell: ({ row }) => column.cell(row.original),
  }))
}
