import { useQuery } from '@tanstack/react-query'
import { useSearchParams } from 'react-router'
import { client } from '~/api/client'
import { systemQuery } from '~/api/queries'
import { noRight } from '~/api/rights'
import { Closed } from '~/components/Closed'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryTables } from '~/components/QueryTables'
import { ProblemView } from '~/components/QueryView'
import { SqlResult } from '~/components/SqlResult'
import { SqlForm } from '~/forms/SqlForm'
import { Blank, Skeleton } from '~/ui/Message'
import styles from './SqlPage.module.css'

/** SQL over the backups as of any moment; the address holds question and moment, so that it can be passed on. */
export default function SqlPage() {
  const { org } = useOrg()
  const [search, setSearch] = useSearchParams()
  const { data: system, isPending: isAsking } = useQuery(systemQuery())
  const closed = noRight(org, 'browse')
  const sql = search.get('sql') ?? ''
  const asOf = search.get('as_of') ?? ''
  const answer = useQuery({
    queryKey: ['sql', org.id, sql, asOf],
    queryFn: async ({ signal }) => {
      const body = { sql, ...(asOf === '' ? {} : { as_of: asOf }) }
      const { data } = await client.POST('/api/v1/orgs/{org_id}/queries', {
        params: { path: { org_id: org.id } },
        body,
        signal,
      })
      return data
    },
    enabled: closed === undefined && sql !== '' && system?.has_sql !== false,
    retry: false,
    // It may run for minutes: only somebody who asks for it runs it again, not a service that answers again.
    staleTime: 'static',
  })
  if (closed !== undefined) return <Closed page="SQL" place={org.name} reason={closed} />
  if (isAsking) return <Skeleton lines={8} />
  if (system?.has_sql === false) {
    return (
      <>
        <PageHead title="SQL" place={org.name} />
        <Blank title="This build has no SQL engine">
          Install the full build, or read the lake with DuckDB, Spark or pandas: its tables are plain Delta
          Lake tables.
        </Blank>
      </>
    )
  }
  return (
    <>
      <PageHead title="SQL" place={org.name} />
      <div className={styles.columns}>
        <SqlForm
          key={`${sql} ${asOf}`}
          org={org}
          initial={{ sql, as_of: asOf }}
          isBusy={answer.isFetching}
          onRun={(asked) => {
            if (asked.sql === sql && asked.as_of === asOf) void answer.refetch()
            else setSearch(Object.entries(asked).filter(([, value]) => value !== ''))
          }}
        />
        <QueryTables orgId={org.id} asOf={asOf} />
      </div>
      {answer.isFetching && <Skeleton lines={6} label="The query is running" />}
      {!answer.isFetching && answer.isError && (
        <ProblemView error={answer.error} retry={() => void answer.refetch()} />
      )}
      {!answer.isFetching && answer.data !== undefined && <SqlResult answer={answer.data} />}
    </>
  )
}
