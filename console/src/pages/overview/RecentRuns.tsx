import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { listQuery, whileAnyRuns } from '~/api/queries'
import type { Org, Run } from '~/api/types'
import { QueryView } from '~/components/QueryView'
import { runTone, runWord } from '~/components/words'
import { paths } from '~/paths'
import { count } from '~/ui/format'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Panel } from '~/ui/Panel'
import type { TableColumn } from '~/ui/Table'
import { Table } from '~/ui/Table'
import { Ago } from '~/ui/Time'

/** The latest rounds and what they brought. */
export function RecentRuns({ org }: { org: Org }) {
  const runs = useInfiniteQuery({
    ...listQuery('/api/v1/orgs/{org_id}/runs', { org_id: org.id }, { limit: 8 }),
    refetchInterval: whileAnyRuns,
  })
  return (
    <Panel title="Recent changes" flush actions={<Link to={paths.runs(org.id)}>All runs</Link>}>
      <QueryView query={runs}>
        {({ pages }) => {
          const rows = pages[0]?.items ?? []
          if (rows.length === 0) return <Blank title="No run yet">The first round begins in a moment.</Blank>
          return <Table label="Recent runs" columns={columns(org.id)} rows={rows} rowId={({ id }) => id} />
        }}
      </QueryView>
    </Panel>
  )
}

function columns(orgId: string): TableColumn<Run>[] {
  return [
    {
      title: 'Run',
      cell: (run) => (
        <Link to={paths.run(orgId, run.id)}>
          <Ago at={run.started_at} />
        </Link>
      ),
    },
    { title: 'Status', cell: (run) => <Badge tone={runTone(run.status)}>{runWord(run)}</Badge> },
    { title: 'New', align: 'right', cell: ({ counts }) => count(counts.new) },
    { title: 'Changed', align: 'right', cell: ({ counts }) => count(counts.changed) },
    { title: 'Deleted', align: 'right', isExtra: true, cell: ({ counts }) => count(counts.deleted) },
    { title: 'API calls', align: 'right', isExtra: true, cell: ({ api_calls }) => count(api_calls) },
  ]
}
