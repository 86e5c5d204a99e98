import { useMemo } from 'react'
import type { CoveredObject } from '~/api/types'
import type { GridColumn, GridSort } from '~/ui/grid/column'
import { Grid } from '~/ui/grid/Grid'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { FilterSelect } from './FilterSelect'
import { SearchBox } from './SearchBox'
import { useUrl, useUrlSort } from './useUrl'

const visibilityWord = { captured: 'captured', hidden: 'hidden', not_queryable: 'cannot be queried' } as const
const visibilityTone = { captured: 'good', hidden: 'warn', not_queryable: 'neutral' } as const
const restorabilityWord = {
  restorable: 'restorable',
  readable_only: 'readable only',
  never: 'never',
} as const

const columns: GridColumn<CoveredObject>[] = [
  { id: 'object', title: 'Object', width: 200, grows: true, isSortable: true, cell: ({ object }) => object },
  {
    id: 'visibility',
    title: 'Backup',
    width: 150,
    isSortable: true,
    cell: ({ visibility }) => <Badge tone={visibilityTone[visibility]}>{visibilityWord[visibility]}</Badge>,
  },
  {
    id: 'restorability',
    title: 'Restore',
    width: 125,
    isSortable: true,
    cell: ({ restorability }) => restorabilityWord[restorability],
  },
  {
    id: 'hidden',
    title: 'Hidden fields',
    width: 240,
    grows: true,
    wraps: true,
    cell: ({ hidden_fields }) => <span title={hidden_fields?.join(', ')}>{hidden_fields?.join(', ')}</span>,
  },
  {
    id: 'reason',
    title: 'Why',
    width: 280,
    grows: true,
    wraps: true,
    cell: ({ reason }) => <span title={reason}>{reason}</span>,
  },
]

type Key = 'object' | 'visibility' | 'restorability'

function arranged(
  objects: CoveredObject[],
  q: string | undefined,
  only: Record<string, string | undefined>,
  sort: GridSort | undefined,
) {
  const text = q?.toLowerCase()
  const found = objects.filter(
    (object) =>
      (text === undefined || object.object.toLowerCase().includes(text)) &&
      (only['visibility'] === undefined || object.visibility === only['visibility']) &&
      (only['restorability'] === undefined || object.restorability === only['restorability']),
  )
  if (sort === undefined) return found
  const by = (object: CoveredObject) => object[sort.id as Key]
  return found.sort((one, other) => by(one).localeCompare(by(other)) * (sort.descending ? -1 : 1))
}

/** Every object of the org: captured, hidden or not to be queried, and whether it could be restored. */
export function CoveredObjects({ objects }: { objects: CoveredObject[] }) {
  const [q, setQ] = useUrl('q')
  const [visibility, setVisibility] = useUrl<CoveredObject['visibility']>('backup')
  const [restorability, setRestorability] = useUrl<CoveredObject['restorability']>('restore')
  const [sort, setSort] = useUrlSort()
  const rows = useMemo(
    () => arranged(objects, q, { visibility, restorability }, sort),
    [objects, q, visibility, restorability, sort],
  )
  return (
    <Grid
      name="coverage"
      label="Objects of the org"
      columns={columns}
      rows={rows}
      rowId={({ object }) => object}
      sort={sort}
      onSort={setSort}
      toolbar={
        <>
          <SearchBox label="Find an object" value={q} onChange={setQ} />
          <FilterSelect
            label="Backup"
            all="Any backup"
            value={visibility}
            onChange={setVisibility}
            choices={[
              ['captured', 'Captured'],
              ['hidden', 'Hidden'],
              ['not_queryable', 'Cannot be queried'],
            ]}
          />
          <FilterSelect
            label="Restore"
            all="Any restore"
            value={restorability}
            onChange={setRestorability}
            choices={[
              ['restorable', 'Restorable'],
              ['readable_only', 'Readable only'],
              ['never', 'Never'],
            ]}
          />
        </>
      }
      footer={`${rows.length} of ${objects.length}`}
      empty={<Blank title="No object matches">Change the search or the filters.</Blank>}
    />
  )
}
