import { useMemo } from 'react'
import type { RecordVersion } from '~/api/types'
import { Grid } from '~/ui/grid/Grid'
import type { GridColumn } from '~/ui/grid/column'
import { Blank } from '~/ui/Message'
import { Moment } from '~/ui/Time'
import { Value } from './FieldChanges'
import type { FieldBlame } from './blame'
import { blameOf } from './blame'

const columns: GridColumn<FieldBlame>[] = [
  { id: 'field', title: 'Field', width: 200, cell: ({ field }) => field },
  {
    id: 'value',
    title: 'Value',
    width: 300,
    grows: true,
    cell: ({ value }) => (
      <span title={value}>
        <Value value={value} />
      </span>
    ),
  },
  {
    id: 'by',
    title: 'Last changed by',
    width: 170,
    cell: ({ by }) => by ?? <span className="soft">unknown</span>,
  },
  { id: 'at', title: 'Last changed', width: 190, cell: ({ at }) => <Moment at={at} /> },
  { id: 'times', title: 'Versions', width: 100, align: 'right', cell: ({ times }) => times },
]

/** Each field as it last was, and who set it when. */
export function RecordValues({ versions }: { versions: RecordVersion[] }) {
  const fields = useMemo(() => blameOf(versions), [versions])
  return (
    <Grid
      name="record-values"
      label="Values"
      columns={columns}
      rows={fields}
      rowId={({ field }) => field}
      toolbar={
        <span className="soft">
          As far back as the backup reaches; the first version tells no earlier author.
        </span>
      }
      empty={<Blank title="No values" />}
    />
  )
}
