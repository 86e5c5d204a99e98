import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useCallback, useMemo } from 'react'
import type { GridColumn, GridSort } from '~/ui/grid/column'
import { Grid } from '~/ui/grid/Grid'
import { count } from '~/ui/format'
import { Skeleton } from '~/ui/Message'
import { ProblemView } from './QueryView'

type Page<Row> = { items: Row[]; total?: number }

type Props<Row> = {
  name: string
  label: string
  columns: readonly GridColumn<Row>[]
  query: UseInfiniteQueryResult<InfiniteData<Page<Row>>, unknown>
  rowId: (row: Row) => string
  empty: ReactNode
  toolbar?: ReactNode
  sort?: GridSort | undefined
  onSort?: ((sort: GridSort | undefined) => void) | undefined
  className?: string
}

/** A list of the server in the grid: it asks for the next page before the reader gets there. */
export function QueryGrid<Row>({ query, empty, ...grid }: Props<Row>) {
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const { hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = query
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage])

  return (
    <Grid
      {...grid}
      rows={rows}
      onEnd={hasNextPage ? onEnd : undefined}
      empty={<Nothing query={query} empty={empty} />}
      footer={rows.length > 0 && <Footer query={query} shown={rows.length} />}
    />
  )
}

function Nothing<Row>({ query, empty }: Pick<Props<Row>, 'query' | 'empty'>) {
  if (query.isError) return <ProblemView error={query.error} retry={() => void query.refetch()} />
  if (query.isPending) return <Skeleton lines={8} />
  return empty
}

function Footer<Row>({ query, shown }: Pick<Props<Row>, 'query'> & { shown: number }) {
  const total = query.data?.pages.at(-1)?.total
  if (query.isFetchNextPageError) {
    return <ProblemView error={query.error} retry={() => void query.fetchNextPage()} />
  }
  const loaded = query.hasNextPage ? `${count(shown)} loaded, more as you scroll` : `${count(shown)} in all`
  return (
    <span role="status">
      {total === undefined ? loaded : `${count(total)} in all`}
      {query.isFetchingNextPage && ' · loading more'}
    </span>
  )
}
