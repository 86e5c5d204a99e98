import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import type { OrgError } from '~/api/types'
import { FilterSelect } from '~/components/FilterSelect'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { SearchBox } from '~/components/SearchBox'
import { useUrl } from '~/components/useUrl'
import { paths } from '~/paths'
import type { GridColumn } from '~/ui/grid/column'
import { Light } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Ago, Moment } from '~/ui/Time'

function columns(orgId: string): GridColumn<OrgError>[] {
  return [
    { id: 'at', title: 'When', width: 190, cell: (error) => <Moment at={error.at} /> },
    { id: 'state', title: 'State', width: 150, cell: (error) => <State error={error} /> },
    {
      id: 'object',
      title: 'Object',
      width: 190,
      cell: ({ object }) =>
        object === undefined ? 'the whole org' : <Link to={paths.object(orgId, object)}>{object}</Link>,
    },
    {
      id: 'message',
      title: 'What went wrong',
      width: 360,
      cell: ({ message }) => <span title={message}>{message}</span>,
    },
    { id: 'hint', title: 'What to do', width: 330, cell: ({ hint }) => <span title={hint}>{hint}</span> },
    { id: 'code', title: 'Code', width: 180, cell: ({ code }) => <code>{code}</code> },
    {
      id: 'run',
      title: 'Run',
      width: 90,
      cell: ({ run_id }) => run_id !== undefined && <Link to={paths.run(orgId, run_id)}>its run</Link>,
    },
  ]
}

function State({ error }: { error: OrgError }) {
  if (error.resolved_at !== undefined) {
    return (
      <span className="soft">
        over, <Ago at={error.resolved_at} />
      </span>
    )
  }
  return error.light === 'yellow' ? (
    <Light colour="yellow" word="warning" />
  ) : (
    <Light colour="green" word="being retried" />
  )
}

/** All errors of an org in one list. */
export default function ErrorsPage() {
  const { org } = useOrg()
  const [show, setShow] = useUrl<'all'>('show')
  const [object, setObject] = useUrl('object')
  const errors = useInfiniteQuery(
    listQuery(
      '/api/v1/orgs/{org_id}/errors',
      { org_id: org.id },
      {
        limit: 100,
        is_open: show !== 'all',
        ...(object === undefined ? {} : { object }),
      },
    ),
  )
  return (
    <>
      <PageHead title="Errors" place={org.name} />
      <QueryGrid
        name="errors"
        label="Errors"
        columns={useMemo(() => columns(org.id), [org.id])}
        query={errors}
        rowId={({ id }) => id}
        toolbar={
          <>
            <FilterSelect
              label="Which errors"
              all="Open errors"
              value={show}
              onChange={setShow}
              choices={[['all', 'Open and past errors']]}
            />
            <SearchBox label="Object" value={object} onChange={setObject} />
          </>
        }
        empty={
          <Blank title={show === 'all' ? 'No errors' : 'No open errors'}>
            What fails is tried again by itself. It shows here at once, and its light turns yellow only when
            it lasts.
          </Blank>
        }
      />
    </>
  )
}
