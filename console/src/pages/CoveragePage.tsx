import type { QueryClient } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import type { LoaderFunctionArgs } from 'react-router'
import { coverageQuery } from '~/api/queries'
import { CoveredObjects } from '~/components/CoveredObjects'
import { Told } from '~/components/NextStep'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryView } from '~/components/QueryView'
import type { Coverage } from '~/api/types'
import { Button } from '~/ui/Button'
import { count } from '~/ui/format'
import { Badge } from '~/ui/Light'
import { Notice } from '~/ui/Message'
import { Facts, Panel } from '~/ui/Panel'
import type { TableColumn } from '~/ui/Table'
import { Table } from '~/ui/Table'
import { Ago } from '~/ui/Time'

export const prefetch = (queries: QueryClient, { params }: LoaderFunctionArgs) =>
  queries.query(coverageQuery(params['orgId'] ?? ''))

/** What the integration user can see and what it cannot, asked of the org. */
export default function CoveragePage() {
  const { org } = useOrg()
  const coverage = useQuery(coverageQuery(org.id))
  return (
    <>
      <PageHead
        title="Coverage"
        place={org.name}
        aside={
          coverage.data !== undefined && (
            <span>
              asked <Ago at={coverage.data.asked_at} />
            </span>
          )
        }
      >
        <Button busy={coverage.isFetching} onClick={() => void coverage.refetch()}>
          Ask again
        </Button>
      </PageHead>
      <QueryView
        query={coverage}
        lines={12}
        waiting="Each object of the org is asked for, which may take a minute."
      >
        {(report) => (
          <>
            {report.could_not_tell.length > 0 && (
              <Notice tone="warn" title="Some of it could not be found out">
                {report.could_not_tell.map((reason) => (
                  <div key={reason}>
                    <Told>{reason}</Told>
                  </div>
                ))}
              </Notice>
            )}
            <Facts facts={figures(report)} />
            <Panel title="Permissions of the integration user" flush>
              <Table
                label="Permissions"
                columns={permissions}
                rows={report.permissions}
                rowId={({ name }) => name}
              />
            </Panel>
            <CoveredObjects objects={report.objects} />
          </>
        )}
      </QueryView>
    </>
  )
}

const orUnknown = (value: number | undefined) => (value === undefined ? 'unknown' : count(value))

const figures = (report: Coverage) => [
  { name: 'Objects captured', value: count(report.objects_visible) },
  { name: 'Objects hidden from it', value: orUnknown(report.objects_hidden) },
  { name: 'Objects that cannot be queried', value: count(report.objects_not_queryable) },
  { name: 'Fields hidden from it', value: orUnknown(report.fields_hidden) },
]

const permissions: TableColumn<Coverage['permissions'][number]>[] = [
  {
    title: 'Permission',
    wrap: true,
    cell: ({ name, matters_because }) => (
      <>
        <strong>{name}</strong>
        <div className="soft">without it, {matters_because}</div>
      </>
    ),
  },
  {
    title: 'Granted',
    cell: ({ is_granted, is_for_restore }) => {
      if (is_granted === undefined) return <Badge>unknown</Badge>
      if (is_granted) return <Badge tone="good">granted</Badge>
      return is_for_restore ? (
        <Badge>not granted, for restore only</Badge>
      ) : (
        <Badge tone="warn">missing</Badge>
      )
    },
  },
]
