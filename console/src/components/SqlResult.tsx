import { useMemo } from 'react'
import type { QueryAnswer } from '~/api/types'
import { counted } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Grid } from '~/ui/grid/Grid'
import { Blank } from '~/ui/Message'

type Row = { at: number; cells: unknown[] }

const numbers = /int|decimal|float|double/i

/** The answer to a query, as a grid. */
export function SqlResult({ answer }: { answer: QueryAnswer }) {
  const columns = useMemo(
    () => answer.columns.map((column, at) => gridColumn(column, at, answer.rows)),
    [answer],
  )
  const rows = useMemo(() => answer.rows.map((cells, at) => ({ at, cells })), [answer.rows])
  const names = answer.columns.map(({ name }) => name).join(',')
  return (
    <Grid
      key={names}
      name={`sql ${names}`}
      label="Result"
      columns={columns}
      rows={rows}
      rowId={({ at }) => String(at)}
      toolbar={
        <span role="status">
          {counted(rows.length, 'row')} in {answer.took_ms} ms
          {answer.has_more && <span className="soft"> · there are more; the CSV has them all</span>}
        </span>
      }
      empty={<Blank title="No rows">The query ran and found nothing.</Blank>}
    />
  )
}

const looked = 50

// As wide as what its first rows hold.
function gridColumn(
  { name, type }: QueryAnswer['columns'][number],
  at: number,
  rows: unknown[][],
): GridColumn<Row> {
  const longest = Math.max(...rows.slice(0, looked).map((cells) => textOf(cells[at]).length), 0)
  return {
    id: `${at}`,
    title: name,
    width: Math.min(360, Math.max(90, longest * 8 + 28, name.length * 8 + 50)),
    ...(numbers.test(type) ? { align: 'right' as const } : {}),
    cell: ({ cells }) => <Cell value={cells[at]} />,
  }
}

function Cell({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className="soft">null</span>
  const text = textOf(value)
  return <span title={text}>{text}</span>
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
