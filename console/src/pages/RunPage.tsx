import type { QueryClient } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import type { LoaderFunctionArgs } from 'react-router'
import { useParams } from 'react-router'
import { runQuery, whileRunning } from '~/api/queries'
import type { Run } from '~/api/types'
import { NextStep } from '~/components/NextStep'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryButton } from '~/components/QueryButton'
import { QueryView } from '~/components/QueryView'
import { RunChanges } from '~/components/RunChanges'
import { RunErrors } from '~/components/RunErrors'
import { RunObjects } from '~/components/RunObjects'
import { UrlTabs } from '~/components/UrlTabs'
import { runTone, runWord } from '~/components/words'
import { paths } from '~/paths'
import { between, bytes, count, timeOf } from '~/ui/format'
import { Badge } from '~/ui/Light'
import { Notice } from '~/ui/Message'
import { Facts } from '~/ui/Panel'
import { Moment } from '~/ui/Time'

export const prefetch = (queries: QueryClient, { params }: LoaderFunctionArgs) =>
  queries.query(runQuery(params['runId'] ?? ''))

export default function RunPage() {
  const { org } = useOrg()
  const { runId = '' } = useParams()
  const query = useQuery({ ...runQuery(runId), refetchInterval: ({ state }) => whileRunning(state.data) })
  const up = { to: paths.runs(org.id), name: 'Runs' }
  return (
    <QueryView query={query}>
      {(run) => (
        <>
          <PageHead
            title={`Run of ${timeOf(run.started_at)}`}
            place={org.name}
            up={up}
            aside={<Standing run={run} />}
          >
            <QueryButton asked={{ as_of: run.id }}>Query as of this run</QueryButton>
          </PageHead>
          {run.failure !== undefined && (
            <Notice tone="bad" title={run.failure.message}>
              <NextStep hint={run.failure.hint} code={run.failure.code} />{' '}
              <span className="mono soft">{run.failure.code}</span>
            </Notice>
          )}
          <Figures run={run} />
          <UrlTabs
            label="Run"
            tabs={[
              {
                id: 'objects',
                title: 'Objects',
                content: () => <RunObjects orgId={org.id} run={run} />,
              },
              { id: 'changes', title: 'Changes', content: () => <RunChanges org={org} run={run} /> },
              { id: 'errors', title: 'Errors', content: () => <RunErrors orgId={org.id} run={run} /> },
            ]}
          />
        </>
      )}
    </QueryView>
  )
}

function Standing({ run }: { run: Run }) {
  return (
    <>
      <Badge tone={runTone(run.status)}>{runWord(run)}</Badge>
      <span className="mono">{run.id}</span>
    </>
  )
}

function Figures({ run }: { run: Run }) {
  const { counts, files } = run
  return (
    <Facts
      facts={[
        { name: 'New', value: count(counts.new) },
        {
          name: 'Changed',
          value: count(counts.changed),
          note: counts.undeleted > 0 && `${count(counts.undeleted)} undeleted`,
        },
        { name: 'Deleted', value: count(counts.deleted) },
        { name: 'Files', value: count(files.stored), note: files.stored > 0 && bytes(files.bytes) },
        {
          name: 'Took',
          value: run.finished_at === undefined ? 'still running' : between(run.started_at, run.finished_at),
          note: run.finished_at !== undefined && <Moment at={run.finished_at} />,
        },
        { name: 'API calls', value: count(run.api_calls), note: `${bytes(counts.bytes)} of records stored` },
      ]}
    />
  )
}
