import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link, useParams } from 'react-router'
import { listQuery } from '~/api/queries'
import { noRight } from '~/api/rights'
import type { Change, ChangedRecord } from '~/api/types'
import { Closed } from '~/components/Closed'
import { FieldChanges } from '~/components/FieldChanges'
import { FilterSelect } from '~/components/FilterSelect'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { useUrl } from '~/components/useUrl'
import { changeTone } from '~/components/words'
import { paths } from '~/paths'
import type { GridColumn } from '~/ui/grid/column'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'

const changes: [Change, string][] = [
  ['new', 'New'],
  ['changed', 'Changed'],
  ['deleted', 'Deleted'],
  ['undeleted', 'Undeleted'],
]

function columns(orgId: string, object: string): GridColumn<ChangedRecord>[] {
  return [
    {
      id: 'id',
      title: 'Record',
      width: 190,
      cell: ({ id }) => (
        <Link to={paths.record(orgId, object, id)} className="mono">
          {id}
        </Link>
      ),
    },
    {
      id: 'change',
      title: 'Change',
      width: 110,
      cell: ({ change }) => <Badge tone={changeTone(change)}>{change}</Badge>,
    },
    { id: 'count', title: 'Fields', width: 80, align: 'right', cell: ({ fields }) => fields.length },
    {
      id: 'fields',
      title: 'Field by field',
      width: 600,
      grows: true,
      cell: ({ fields }) => <FieldChanges fields={fields} />,
    },
  ]
}

/** The records of one object that a run found changed. */
export default function RunChangesPage() {
  const { org } = useOrg()
  const { runId = '', object = '' } = useParams()
  const [change, setChange] = useUrl<Change>('change')
  const closed = noRight(org, 'browse')
  const records = useInfiniteQuery({
    ...listQuery(
      '/api/v1/runs/{run_id}/changed_records',
      { run_id: runId },
      {
        object,
        limit: 100,
        ...(change === undefined ? {} : { change }),
      },
    ),
    enabled: closed === undefined,
  })
  const shown = useMemo(() => columns(org.id, object), [org.id, object])
  const title = `Changed records of ${object}`
  if (closed !== undefined) return <Closed page={title} place={org.name} reason={closed} />
  return (
    <>
      <PageHead
        title={title}
        place={org.name}
        up={{ to: paths.run(org.id, runId, { tab: 'changes' }), name: 'The run' }}
      />
      <QueryGrid
        name="changed-records"
        label="Changed records"
        columns={shown}
        query={records}
        rowId={({ id }) => id}
        toolbar={
          <FilterSelect
            label="Change"
            all="All changes"
            value={change}
            onChange={setChange}
            choices={changes}
          />
        }
        empty={
          <Blank title="No such changes">The run found no record of this object changed in this way.</Blank>
        }
      />
    </>
  )
}
