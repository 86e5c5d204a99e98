import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import { noRight } from '~/api/rights'
import type { FoundRecord } from '~/api/types'
import { Closed } from '~/components/Closed'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { useUrl } from '~/components/useUrl'
import { FindRecordsForm } from '~/forms/FindRecordsForm'
import { paths } from '~/paths'
import { count } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Moment } from '~/ui/Time'

function columns(orgId: string): GridColumn<FoundRecord>[] {
  return [
    {
      id: 'id',
      title: 'Record',
      width: 190,
      cell: ({ object, id }) => (
        <Link to={paths.record(orgId, object, id)} className="mono">
          {id}
        </Link>
      ),
    },
    { id: 'name', title: 'Name', width: 175, grows: true, cell: ({ name }) => name },
    {
      id: 'object',
      title: 'Object',
      width: 150,
      cell: ({ object }) => <Link to={paths.object(orgId, object)}>{object}</Link>,
    },
    {
      id: 'state',
      title: 'State',
      width: 90,
      cell: ({ is_deleted }) => (is_deleted ? <Badge tone="bad">deleted</Badge> : 'live'),
    },
    {
      id: 'modified_at',
      title: 'Last modified',
      width: 190,
      cell: (record) => <Moment at={record.modified_at} />,
    },
    {
      id: 'match',
      title: 'Found in',
      width: 220,
      grows: true,
      cell: ({ match }) =>
        match !== undefined && (
          <span title={match.value}>
            <span className="soft">
              {match.field}
              {match.is_earlier && ', earlier'}
            </span>{' '}
            {match.value}
          </span>
        ),
    },
  ]
}

/** Finds records in the backups, deleted ones too. */
export default function RecordsPage() {
  const { org } = useOrg()
  const [q] = useUrl('q')
  const [object] = useUrl('object')
  const [field] = useUrl('field')
  const [deleted] = useUrl<'include' | 'exclude' | 'only'>('deleted')
  const closed = noRight(org, 'browse')
  const isAsked = q !== undefined || object !== undefined
  const found = useInfiniteQuery({
    ...listQuery(
      '/api/v1/orgs/{org_id}/records',
      { org_id: org.id },
      {
        limit: 50,
        ...(q === undefined ? {} : { q }),
        ...(object === undefined ? {} : { object }),
        ...(field === undefined ? {} : { field }),
        deleted: deleted ?? 'include',
      },
    ),
    enabled: closed === undefined && isAsked,
  })
  const shown = useMemo(() => columns(org.id), [org.id])
  if (closed !== undefined) return <Closed page="Records" place={org.name} reason={closed} />
  const pages = found.data?.pages ?? []
  const searched = pages.reduce((sum, page) => sum + page.searched, 0)
  const at = pages.at(-1)?.object
  return (
    <>
      <PageHead title="Records" place={org.name} />
      <FindRecordsForm
        key={`${q} ${object} ${field}`}
        onAgain={() => void found.refetch({ cancelRefetch: false })}
      />
      {isAsked ? (
        <QueryGrid
          name="records"
          label="Records"
          columns={shown}
          query={found}
          rowId={({ object: of, id }) => `${of} ${id}`}
          toolbar={
            <span className="soft" role="status">
              {count(searched)} records looked at
              {found.isFetching && (at === undefined ? ', searching' : `, searching ${at}`)}
            </span>
          }
          empty={
            found.hasNextPage || found.isFetching ? (
              <Blank title="Searching">Nothing found so far.</Blank>
            ) : (
              <Blank title="No such record">
                Try a part of the value, another object, or an Id of 15 or 18 characters.
              </Blank>
            )
          }
        />
      ) : (
        <Blank title="Look for a record as it is, or as it was">
          By Id, name, or any value that it has or had in the backup. Deleted records are found too.
        </Blank>
      )}
    </>
  )
}
