import type { QueryClient } from '@tanstack/react-query'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { LoaderFunctionArgs } from 'react-router'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import type { ObjectPhase, ObjectSort, ObjectStatus, ObjectWord } from '~/api/types'
import { FilterSelect } from '~/components/FilterSelect'
import { Told } from '~/components/NextStep'
import { ObjectLight } from '~/components/ObjectLight'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { SearchBox } from '~/components/SearchBox'
import { goneFields, troubleOf } from '~/components/standing'
import { useUrl, useUrlSort } from '~/components/useUrl'
import { objectPhaseWord, wayWord } from '~/components/words'
import { paths } from '~/paths'
import { count } from '~/ui/format'
import type { GridColumn, GridSort } from '~/ui/grid/column'
import { Blank } from '~/ui/Message'
import { Ago, Moment } from '~/ui/Time'

const words: [ObjectWord, string][] = [
  ['running', 'Running'],
  ['warning', 'Warning'],
  ['stopped', 'Stopped'],
  ['paused', 'Paused'],
  ['waiting', 'Waiting'],
]
const phases: [ObjectPhase, string][] = [
  ['waiting', 'Waiting for its turn'],
  ['first_capture', 'First backup'],
  ['capturing_changes', 'Capturing changes'],
  ['stopped', 'Stopped'],
]

function columns(orgId: string): GridColumn<ObjectStatus>[] {
  return [
    {
      id: 'name',
      title: 'Object',
      width: 170,
      grows: true,
      isSortable: true,
      cell: ({ object }) => <Link to={paths.object(orgId, object)}>{object}</Link>,
    },
    {
      id: 'status',
      title: 'Status',
      width: 105,
      isSortable: true,
      cell: (row) => <ObjectLight object={row} />,
    },
    {
      id: 'why',
      title: 'Why',
      width: 220,
      grows: true,
      wraps: true,
      cell: (row) => <Why object={row} />,
    },
    {
      id: 'live_records',
      title: 'Records',
      width: 100,
      align: 'right',
      isSortable: true,
      cell: (row) => count(row.live_records),
    },
    {
      id: 'remaining_records',
      title: 'Remaining',
      width: 110,
      align: 'right',
      isSortable: true,
      cell: (row) => (row.remaining_records === undefined ? '—' : count(row.remaining_records)),
    },
    {
      id: 'last_captured_at',
      title: 'Last captured',
      width: 135,
      isSortable: true,
      cell: (row) => <Ago at={row.last_captured_at} />,
    },
    {
      id: 'last_verified_at',
      title: 'Verified complete',
      width: 160,
      cell: (row) => <Ago at={row.last_verified_at} />,
    },
    {
      id: 'phase',
      title: 'Stage',
      width: 160,
      isHiddenAtFirst: true,
      cell: ({ phase }) => objectPhaseWord[phase],
    },
    {
      id: 'failing_since',
      title: 'Failing since',
      width: 150,
      isSortable: true,
      isHiddenAtFirst: true,
      cell: (row) => <Moment at={row.failing_since} />,
    },
    {
      id: 'watermark',
      title: 'Watermark',
      width: 190,
      isHiddenAtFirst: true,
      cell: (row) => <Moment at={row.watermark} />,
    },
    {
      id: 'method',
      title: 'Read',
      width: 150,
      isHiddenAtFirst: true,
      cell: (row) => (row.method === undefined ? '' : wayWord(row.method)),
    },
    {
      id: 'first_seen_at',
      title: 'First seen',
      width: 150,
      isHiddenAtFirst: true,
      cell: (row) => <Ago at={row.first_seen_at} />,
    },
  ]
}

function Why({ object }: { object: ObjectStatus }) {
  const why = troubleOf(object)?.message ?? goneFields(object)
  return why === undefined ? null : (
    <span title={why}>
      <Told>{why}</Told>
    </span>
  )
}

type Filter = {
  q?: string | undefined
  word?: string | undefined
  phase?: string | undefined
  sort?: GridSort | undefined
}

function objectsList(orgId: string, { q, word, phase, sort }: Filter) {
  return listQuery(
    '/api/v1/orgs/{org_id}/objects',
    { org_id: orgId },
    {
      limit: 200,
      ...(q === undefined ? {} : { q }),
      ...(word === undefined ? {} : { word: word as ObjectWord }),
      ...(phase === undefined ? {} : { phase: phase as ObjectPhase }),
      ...(sort === undefined
        ? {}
        : { sort: sort.id as ObjectSort, order: sort.descending ? 'descending' : 'ascending' }),
    },
  )
}

export const prefetch = (queries: QueryClient, { params, request }: LoaderFunctionArgs) =>
  new URL(request.url).search === ''
    ? queries.infiniteQuery(objectsList(params['orgId'] ?? '', {}))
    : undefined

export default function ObjectsPage() {
  const { org } = useOrg()
  const [q, setQ] = useUrl('q')
  const [word, setWord] = useUrl<ObjectWord>('word')
  const [phase, setPhase] = useUrl<ObjectPhase>('phase')
  const [sort, setSort] = useUrlSort()
  // Time alone turns a light yellow, and no event tells of that.
  const objects = useInfiniteQuery({
    ...objectsList(org.id, { q, word, phase, sort }),
    refetchInterval: 60_000,
  })
  const isFiltered = q !== undefined || word !== undefined || phase !== undefined
  return (
    <>
      <PageHead title="Objects" place={org.name} />
      <QueryGrid
        name="objects"
        label="Objects"
        columns={useMemo(() => columns(org.id), [org.id])}
        query={objects}
        rowId={({ object }) => object}
        sort={sort}
        onSort={setSort}
        toolbar={
          <>
            <SearchBox label="Find an object" value={q} onChange={setQ} />
            <FilterSelect label="Status" all="Any status" value={word} onChange={setWord} choices={words} />
            <FilterSelect label="Stage" all="Any stage" value={phase} onChange={setPhase} choices={phases} />
          </>
        }
        empty={
          isFiltered ? (
            <Blank title="No object matches">Change the search or the filters.</Blank>
          ) : (
            <Blank title="No objects yet">
              Holdfast asks the org for its objects when auto backup is switched on.
            </Blank>
          )
        }
      />
    </>
  )
}
