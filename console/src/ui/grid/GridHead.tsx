import type { Header, Table } from '@tanstack/react-table'
import { ArrowDown, ArrowUp, EllipsisVertical } from 'lucide-react'
import { classes } from '../classes'
import type { MenuItem } from '../Menu'
import { Menu } from '../Menu'
import type { GridColumn, GridSort } from './column'
import styles from './Grid.module.css'
import { pinStyle } from './pin'

type Actions = {
  sort?: GridSort | undefined
  onSort?: ((sort: GridSort | undefined) => void) | undefined
  autosize: (ids: string[]) => void
  choose: () => void
  reset: () => void
}

export function GridHead<Row>({
  table,
  columns,
  ...actions
}: Actions & {
  table: Table<Row>
  columns: readonly GridColumn<Row>[]
}) {
  const headers = table.getHeaderGroups()[0]?.headers ?? []
  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={styles.headRow}>
        {headers.map((header) => {
          const column = columns.find(({ id }) => id === header.column.id)
          return column === undefined ? null : (
            <HeadCell key={header.id} header={header} column={column} table={table} {...actions} />
          )
        })}
      </div>
    </div>
  )
}

function HeadCell<Row>({
  header,
  column,
  table,
  ...actions
}: Actions & {
  header: Header<Row, unknown>
  column: GridColumn<Row>
  table: Table<Row>
}) {
  const { style, className } = pinStyle(header.column, table)
  const direction =
    actions.sort?.id === column.id ? (actions.sort.descending ? 'descending' : 'ascending') : undefined
  const Arrow = direction === 'descending' ? ArrowDown : ArrowUp
  const title = (
    <span className={styles.title} data-column={column.id} data-head="true">
      {column.title}
    </span>
  )
  return (
    <div
      role="columnheader"
      aria-sort={column.isSortable ? (direction ?? 'none') : undefined}
      className={classes(styles.headCell, column.align === 'right' && styles.right, className)}
      style={style}
    >
      {column.isSortable && actions.onSort !== undefined ? (
        <button
          type="button"
          className={styles.sort}
          onClick={() => actions.onSort?.(nextSort(column.id, direction))}
        >
          {title}
          {direction !== undefined && <Arrow size={13} aria-hidden />}
        </button>
      ) : (
        title
      )}
      <Menu
        label={`Column ${column.title}`}
        icon={<EllipsisVertical size={14} aria-hidden />}
        iconOnly
        className={styles.menu}
        items={menuItems(header, column, table, actions)}
      />
      {/* The menu's Autosize is the way by key. */}
      <div
        className={styles.grip}
        aria-hidden="true"
        onPointerDown={header.getResizeHandler()}
        onDoubleClick={() => actions.autosize([column.id])}
      />
    </div>
  )
}

function nextSort(id: string, direction: 'ascending' | 'descending' | undefined): GridSort | undefined {
  if (direction === undefined) return { id, descending: false }
  return direction === 'ascending' ? { id, descending: true } : undefined
}

function menuItems<Row>(
  { column: state }: Header<Row, unknown>,
  column: GridColumn<Row>,
  table: Table<Row>,
  actions: Actions,
): MenuItem[] {
  const cannotSort =
    column.isSortable && actions.onSort !== undefined
      ? undefined
      : 'This list cannot be sorted by this column'
  const shown = () => table.getVisibleLeafColumns().map(({ id }) => id)
  const pinned = state.getIsPinned()
  return [
    {
      label: 'Sort ascending',
      disabledReason: cannotSort,
      onSelect: () => actions.onSort?.({ id: column.id, descending: false }),
    },
    {
      label: 'Sort descending',
      disabledReason: cannotSort,
      onSelect: () => actions.onSort?.({ id: column.id, descending: true }),
    },
    'rule',
    { label: 'Pin left', checked: pinned === 'left', onSelect: () => state.pin('left') },
    { label: 'Pin right', checked: pinned === 'right', onSelect: () => state.pin('right') },
    { label: 'No pin', checked: pinned === false, onSelect: () => state.pin(false) },
    'rule',
    { label: 'Autosize this column', onSelect: () => actions.autosize([column.id]) },
    { label: 'Autosize all columns', onSelect: () => actions.autosize(shown()) },
    'rule',
    { label: 'Choose columns', onSelect: actions.choose },
    { label: 'Reset columns', onSelect: actions.reset },
  ]
}
