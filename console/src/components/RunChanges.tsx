import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery, whileRunning } from '~/api/queries'
import { noRight } from '~/api/rights'
import type { ObjectChanges, Org, Run } from '~/api/types'
import { paths } from '~/paths'
import { count } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Blank } from '~/ui/Message'
import { QueryGrid } from './QueryGrid'

const kinds = [
  ['new', 'New'],
  ['changed', 'Changed'],
  ['deleted', 'Deleted'],
  ['undeleted', 'Undeleted'],
] as const

function columns(org: Org, runId: string): GridColumn<ObjectChanges>[] {
  const closed = noRight(org, 'browse')
  return [
    {
      id: 'object',
      title: 'Object',
      width: 230,
      grows: true,
      cell: ({ object }) => <Link to={paths.object(org.id, object)}>{object}</Link>,
    },
    ...kinds.map(([kind, title]): GridColumn<ObjectChanges> => ({
      id: kind,
      title,
      width: 120,
      align: 'right',
      cell: (row) =>
        row[kind] === 0 || closed !== undefined ? (
          count(row[kind])
        ) : (
          <Link to={paths.runChanges(org.id, runId, row.object, { change: kind })}>{count(row[kind])}</Link>
        ),
    })),
    {
      id: 'records',
      title: 'Records',
      width: 150,
      cell: ({ object }) =>
        closed === undefined ? (
          <Link to={paths.runChanges(org.id, runId, object)}>view records</Link>
        ) : (
          <span className="soft" title={closed}>
            closed to you
          </span>
        ),
    },
  ]
}

/** Per object, what differs between this run and the one before. */
export function RunChanges({ org, run }: { org: Org; run: Run }) {
  const changes = useInfiniteQuery({
    ...listQuery('/api/v1/runs/{run_id}/changes', { run_id: run.id }, { limit: 200 }),
    refetchInterval: whileRunning(run),
  })
  return (
    <QueryGrid
      name="run-changes"
      label="Changes of the run"
      columns={useMemo(() => columns(org, run.id), [org, run.id])}
      query={changes}
      rowId={({ object }) => object}
      toolbar={<span className="soft">Compared with the run before it.</span>}
      empty={<Blank title="Nothing changed">This run found the org as the one before had left it.</Blank>}
    />
  )
}
