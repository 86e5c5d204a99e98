import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery, whileRunning } from '~/api/queries'
import type { Run, RunObject } from '~/api/types'
import { paths } from '~/paths'
import { count } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { FilterSelect } from './FilterSelect'
import { Told } from './NextStep'
import { QueryGrid } from './QueryGrid'
import { useUrl } from './useUrl'

function columns(orgId: string): GridColumn<RunObject>[] {
  return [
    {
      id: 'object',
      title: 'Object',
      width: 180,
      grows: true,
      cell: ({ object }) => <Link to={paths.object(orgId, object)}>{object}</Link>,
    },
    { id: 'verified', title: 'Completeness', width: 135, cell: (row) => <Completeness row={row} /> },
    { id: 'new', title: 'New', width: 80, align: 'right', cell: ({ counts }) => count(counts.new) },
    {
      id: 'changed',
      title: 'Changed',
      width: 100,
      align: 'right',
      cell: ({ counts }) => count(counts.changed),
    },
    {
      id: 'deleted',
      title: 'Deleted',
      width: 100,
      align: 'right',
      cell: ({ counts }) => count(counts.deleted),
    },
    {
      id: 'undeleted',
      title: 'Undeleted',
      width: 110,
      isHiddenAtFirst: true,
      align: 'right',
      cell: ({ counts }) => count(counts.undeleted),
    },
    {
      id: 'live_records',
      title: 'Live records',
      width: 125,
      align: 'right',
      cell: (row) => count(row.live_records),
    },
    {
      id: 'gap',
      title: 'What is missing, and why',
      width: 260,
      grows: true,
      wraps: true,
      cell: ({ gap }) =>
        gap !== undefined && (
          <span title={`${gap.message} ${gap.hint}`}>
            <Told>{gap.message}</Told>
          </span>
        ),
    },
    {
      id: 'version',
      title: 'Table version',
      width: 125,
      align: 'right',
      isHiddenAtFirst: true,
      cell: ({ table_version }) => table_version,
    },
  ]
}

function Completeness({ row: { gap, gap_is_expected, is_verified } }: { row: RunObject }) {
  // The same word and colour as beside the object.
  if (gap?.code === 'permission_missing') return <Badge>stopped</Badge>
  if (gap !== undefined)
    return (
      <Badge tone={gap_is_expected ? 'neutral' : 'warn'}>{gap_is_expected ? 'not captured' : 'gap'}</Badge>
    )
  if (is_verified === true) return <Badge tone="good">verified</Badge>
  return is_verified === false ? (
    <Badge tone="warn">differs</Badge>
  ) : (
    <span className="soft">not compared</span>
  )
}

/** What a run captured of each object. */
export function RunObjects({ orgId, run }: { orgId: string; run: Run }) {
  const [only, setOnly] = useUrl<'changed'>('only')
  const objects = useInfiniteQuery({
    ...listQuery(
      '/api/v1/runs/{run_id}/objects',
      { run_id: run.id },
      { limit: 200, only_changed: only === 'changed' },
    ),
    refetchInterval: whileRunning(run),
  })
  return (
    <QueryGrid
      name="run-objects"
      label="Objects of the run"
      columns={useMemo(() => columns(orgId), [orgId])}
      query={objects}
      rowId={({ object }) => object}
      toolbar={
        <FilterSelect
          label="Which objects"
          all="All objects"
          value={only}
          onChange={setOnly}
          choices={[['changed', 'Only those with changes']]}
        />
      }
      empty={
        <Blank title="No objects">
          {only === 'changed' ? 'Nothing had changed.' : 'The run has not come to its objects yet.'}
        </Blank>
      }
    />
  )
}
