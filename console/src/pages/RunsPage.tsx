import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery, whileAnyRuns } from '~/api/queries'
import type { Run } from '~/api/types'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { runTone, runWord } from '~/components/words'
import { paths } from '~/paths'
import { between, bytes, count, timeOf } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'

const triggers: Record<Run['trigger'], string> = { auto: 'auto backup', backup: 'by hand' }

function columns(orgId: string): GridColumn<Run>[] {
  return [
    {
      id: 'started_at',
      title: 'Started',
      width: 180,
      grows: true,
      cell: (run) => <Link to={paths.run(orgId, run.id)}>{timeOf(run.started_at)}</Link>,
    },
    {
      id: 'status',
      title: 'Status',
      width: 165,
      cell: (run) => <Badge tone={runTone(run.status)}>{runWord(run)}</Badge>,
    },
    {
      id: 'took',
      title: 'Took',
      width: 85,
      align: 'right',
      cell: (run) => (run.finished_at === undefined ? '…' : between(run.started_at, run.finished_at)),
    },
    { id: 'objects', title: 'Objects', width: 95, align: 'right', cell: ({ objects }) => count(objects) },
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
      id: 'bytes',
      title: 'Stored',
      width: 95,
      align: 'right',
      cell: ({ counts, files }) => bytes(counts.bytes + files.bytes),
    },
    {
      id: 'api_calls',
      title: 'API calls',
      width: 100,
      align: 'right',
      cell: ({ api_calls }) => count(api_calls),
    },
    {
      id: 'trigger',
      title: 'Begun by',
      width: 120,
      isHiddenAtFirst: true,
      cell: ({ trigger }) => triggers[trigger],
    },
    {
      id: 'files',
      title: 'Files',
      width: 90,
      align: 'right',
      isHiddenAtFirst: true,
      cell: ({ files }) => count(files.stored),
    },
    {
      id: 'id',
      title: 'Run id',
      width: 260,
      isHiddenAtFirst: true,
      cell: ({ id }) => <span className="mono">{id}</span>,
    },
  ]
}

export default function RunsPage() {
  const { org } = useOrg()
  const runs = useInfiniteQuery({
    ...listQuery('/api/v1/orgs/{org_id}/runs', { org_id: org.id }, { limit: 100 }),
    refetchInterval: whileAnyRuns,
  })
  return (
    <>
      <PageHead title="Runs" place={org.name} />
      <QueryGrid
        name="runs"
        label="Runs"
        columns={useMemo(() => columns(org.id), [org.id])}
        query={runs}
        rowId={({ id }) => id}
        toolbar={
          <span className="soft">Newest first. Each finished run is a moment that you can ask about.</span>
        }
        empty={<Blank title="No run yet">The first begins when auto backup is switched on.</Blank>}
      />
    </>
  )
}
