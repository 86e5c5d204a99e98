import type { ColumnDef, RowData } from '@tanstack/react-table'
import type { ReactNode } from 'react'

declare module '@tanstack/react-table' {
  // The names are the library's.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/consistent-type-definitions
  interface ColumnMeta<TData extends RowData, TValue> {
    grows: boolean
  }
}

export type GridColumn<Row> = {
  id: string
  title: string
  cell: (row: Row) => ReactNode
  width: number
  align?: 'right'
  /** Whether the list can be sorted by it; the id is what is asked for. */
  isSortable?: boolean
  isHiddenAtFirst?: boolean
  /** Takes its share of the width that the others leave, until the reader sizes it. */
  grows?: boolean
  /** Sentences: they take up to six lines, and the row grows with them. */
  wraps?: boolean
  /** Stays in view at the right edge from the start: what can be done with a row. */
  isPinnedAtFirst?: boolean
}

export type GridSort = { id: string; descending: boolean }

export function columnDefs<Row>(columns: readonly GridColumn<Row>[]): ColumnDef<Row>[] {
  return columns.map((column) => ({
    id: column.id,
    header: column.title,
    size: column.width,
    minSize: 48,
    maxSize: 1200,
    meta: { grows: column.grows ?? false },
    cell: ({ row }) => column.cell(row.original),
  }))
}
