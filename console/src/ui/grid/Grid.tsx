import type { Updater } from '@tanstack/react-table'
import { getCoreRowModel, useReactTable } from '@tanstack/react-table'
import type { ReactNode } from 'react'
import { useMemo, useState } from 'react'
import { classes } from '../classes'
import { Blank } from '../Message'
import type { GridColumn, GridSort } from './column'
import { columnDefs } from './column'
import { ColumnChooser } from './ColumnChooser'
import styles from './Grid.module.css'
import { GridHead } from './GridHead'
import { GridRows } from './GridRows'
import { useArrangement } from './kept'
import { naturalWidth } from './measure'

type Props<Row> = {
  /** Names what is kept on the device. */
  name: string
  label: string
  columns: readonly GridColumn<Row>[]
  rows: readonly Row[]
  rowId: (row: Row) => string
  sort?: GridSort | undefined
  onSort?: ((sort: GridSort | undefined) => void) | undefined
  /** Called when the last rows come into view and there may be more. */
  onEnd?: (() => void) | undefined
  toolbar?: ReactNode
  footer?: ReactNode
  /** Shown in place of rows if there are none. */
  empty?: ReactNode
  className?: string
}

/** The one data grid: sorts, pins, sizes, chooses and resets columns, and draws only the rows in view. */
export function Grid<Row>(props: Props<Row>) {
  const { arrangement, change, reset } = useArrangement(props.name, props.columns)
  const [isChoosing, setChoosing] = useState(false)
  // State, not a ref: the rows can be laid out only once it is there.
  const [scroller, setScroller] = useState<HTMLDivElement | null>(null)
  const data = useMemo(() => [...props.rows], [props.rows])
  const columns = useMemo(() => columnDefs(props.columns), [props.columns])
  const table = useReactTable({
    data,
    columns,
    state: {
      columnVisibility: arrangement.visibility,
      columnPinning: arrangement.pinning,
      columnSizing: arrangement.sizing,
    },
    onColumnVisibilityChange: (to) => change((now) => ({ visibility: updated(to, now.visibility) })),
    onColumnPinningChange: (to) => change((now) => ({ pinning: updated(to, now.pinning) })),
    onColumnSizingChange: (to) => change((now) => ({ sizing: updated(to, now.sizing) })),
    columnResizeMode: 'onChange',
    getCoreRowModel: getCoreRowModel(),
    getRowId: props.rowId,
  })

  const autosize = (ids: string[]) => {
    const widths = ids.map((id) => [id, naturalWidth(scroller, id)] as const)
    change((now) => ({ sizing: { ...now.sizing, ...Object.fromEntries(widths) } }))
  }
  const isBare = table.getVisibleLeafColumns().length === 0

  return (
    <div className={classes(styles.frame, props.className)}>
      <div className={styles.bar}>
        <div className={classes('line', styles.tools)}>{props.toolbar}</div>
        <ColumnChooser table={table} isOpen={isChoosing} setOpen={setChoosing} onReset={reset} />
      </div>
      <div
        ref={setScroller}
        className={styles.scroll}
        role="region"
        aria-label={`${props.label}, scrolling`}
        tabIndex={0}
      >
        <div
          role="table"
          aria-label={props.label}
          aria-rowcount={props.onEnd === undefined ? data.length + 1 : -1}
          className={styles.table}
          style={{ width: table.getTotalSize() }}
        >
          <GridHead
            table={table}
            columns={props.columns}
            sort={props.sort}
            onSort={props.onSort}
            autosize={autosize}
            choose={() => setChoosing(true)}
            reset={reset}
          />
          {!isBare && (
            <GridRows table={table} columns={props.columns} scroller={scroller} onEnd={props.onEnd} />
          )}
        </div>
        {isBare && <Blank title="No column is shown">“Columns” above brings them back.</Blank>}
        {!isBare && data.length === 0 && props.empty}
      </div>
      {props.footer !== undefined && props.footer !== false && (
        <div className={styles.foot}>{props.footer}</div>
      )}
    </div>
  )
}

function updated<State>(to: Updater<State>, now: State): State {
  return typeof to === 'function' ? (to as (now: State) => State)(now) : to
}
