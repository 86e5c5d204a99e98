import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import type { ObjectStatus, OrgError } from '~/api/types'
import { ErrorDialog } from '~/components/ErrorDialog'
import { ErrorLink } from '~/components/ErrorLink'
import { FilterSelect } from '~/components/FilterSelect'
import { LinkButton } from '~/components/LinkButton'
import { NextStep, Told } from '~/components/NextStep'
import { ObjectLight } from '~/components/ObjectLight'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { SearchBox } from '~/components/SearchBox'
import { troubleOf } from '~/components/standing'
import { useUrl } from '~/components/useUrl'
import { paths } from '~/paths'
import type { GridColumn } from '~/ui/grid/column'
import { Light } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Ago, Moment } from '~/ui/Time'

/** The objects that are not captured, by name. */
type Stopped = ReadonlyMap<string | undefined, ObjectStatus>

function columns(orgId: string, stopped: Stopped, show: (id: string) => void): GridColumn<OrgError>[] {
  return [
    {
      id: 'object',
      title: 'Object',
      width: 165,
      grows: true,
      cell: ({ object }) =>
        object === undefined ? 'the whole org' : <Link to={paths.object(orgId, object)}>{object}</Link>,
    },
    {
      id: 'state',
      title: 'State',
      width: 140,
      wraps: true,
      cell: (error) => <State error={error} stopped={stopped} />,
    },
    {
      id: 'message',
      title: 'What went wrong',
      width: 280,
      grows: true,
      wraps: true,
      cell: (row) => (
        <ErrorLink onClick={() => show(row.id)}>
          <Told>{wordsOf(row, stopped).message}</Told>
        </ErrorLink>
      ),
    },
    {
      id: 'hint',
      title: 'What to do',
      width: 240,
      grows: true,
      wraps: true,
      cell: (row) => <NextStep hint={wordsOf(row, stopped).hint} code={row.code} />,
    },
    { id: 'at', title: 'When', width: 190, cell: (error) => <Moment at={error.at} /> },
    { id: 'code', title: 'Code', width: 180, isHiddenAtFirst: true, cell: ({ code }) => <code>{code}</code> },
    {
      id: 'run',
      title: 'Run',
      width: 90,
      isHiddenAtFirst: true,
      cell: ({ run_id }) => run_id !== undefined && <Link to={paths.run(orgId, run_id)}>its run</Link>,
    },
  ]
}

/** What is told of a stopped object is the same on every page. */
function wordsOf({ object, message, hint, resolved_at }: OrgError, stopped: Stopped) {
  const status = resolved_at === undefined ? stopped.get(object) : undefined
  return { message, hint, ...(status && troubleOf(status)) }
}

function State({ error, stopped }: { error: OrgError; stopped: Stopped }) {
  if (error.resolved_at !== undefined) {
    return (
      <span className="soft">
        over, <Ago at={error.resolved_at} />
      </span>
    )
  }
  const status = stopped.get(error.object)
  if (status !== undefined) return <ObjectLight object={status} />
  return <Light colour={error.light} word={words[error.light]} />
}

/** What the light of an error says that is not over, of an object that is not stopped. */
const words: Record<OrgError['light'], string> = {
  yellow: 'warning',
  green: 'being retried',
  blue: 'waiting',
  grey: 'paused',
}

function useStopped(orgId: string): Stopped {
  const { data } = useInfiniteQuery({
    ...listQuery('/api/v1/orgs/{org_id}/objects', { org_id: orgId }, { word: 'stopped', limit: 200 }),
    refetchInterval,
  })
  return useMemo(() => {
    const all = data?.pages.flatMap(({ items }) => items) ?? []
    return new Map(all.map((status) => [status.object, status]))
  }, [data])
}

// Time alone turns a light yellow, and no event tells of that.
const refetchInterval = 15_000

/** All errors of an org in one list. */
export default function ErrorsPage() {
  const { org } = useOrg()
  const [show, setShow] = useUrl<'all'>('show')
  const [object, setObject] = useUrl('object')
  const [entry, setEntry] = useUrl('entry')
  const errors = useInfiniteQuery({
    ...listQuery(
      '/api/v1/orgs/{org_id}/errors',
      { org_id: org.id },
      {
        limit: 100,
        is_open: show !== 'all',
        ...(object === undefined ? {} : { object }),
      },
    ),
    refetchInterval,
  })
  const stopped = useStopped(org.id)
  const shown = useMemo(() => columns(org.id, stopped, setEntry), [org.id, stopped, setEntry])
  const open = errors.data?.pages.flatMap(({ items }) => items).find(({ id }) => id === entry)
  return (
    <>
      <PageHead title="Errors" place={org.name} />
      <QueryGrid
        name="errors"
        label="Errors"
        columns={shown}
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
            What fails is tried again by itself. What a run gives up shows here, and its light turns yellow
            only when it lasts.
          </Blank>
        }
      />
      {open !== undefined && (
        <ErrorDialog
          of={open.object ?? org.name}
          at={open.at}
          failure={{ ...open, ...wordsOf(open, stopped) }}
          more={[{ name: 'State', value: <State error={open} stopped={stopped} /> }]}
          actions={
            open.run_id !== undefined && (
              <LinkButton to={paths.run(org.id, open.run_id)}>See its run</LinkButton>
            )
          }
          onClose={() => setEntry(undefined)}
        />
      )}
    </>
  )
}
