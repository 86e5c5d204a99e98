import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import type { Block } from '~/api/types'
import { paths } from '~/paths'
import { between, bytes, count, minuteOf, minutesOf } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Blank } from '~/ui/Message'
import { Moment } from '~/ui/Time'
import { ErrorDialog } from './ErrorDialog'
import { ErrorLink } from './ErrorLink'
import { QueryGrid } from './QueryGrid'
import { useUrl } from './useUrl'
import { wayWord } from './words'

/** Every block of an object, newest first; a failed one has its error behind a link. */
export function BlockTimeline({ orgId, object }: { orgId: string; object: string }) {
  const [entry, setEntry] = useUrl('entry')
  const blocks = useInfiniteQuery({
    ...listQuery('/api/v1/orgs/{org_id}/blocks', { org_id: orgId }, { object, limit: 100 }),
    // Somebody who has scrolled far is not disturbed.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : 5_000),
  })
  const open = blocks.data?.pages.flatMap(({ items }) => items).find(({ id }) => id === entry)
  const shown = useMemo(() => columns(orgId, setEntry), [orgId, setEntry])
  return (
    <>
      <QueryGrid
        name="blocks"
        label="Backup timeline"
        columns={shown}
        query={blocks}
        rowId={({ id }) => id}
        toolbar={<h2>Backup timeline</h2>}
        empty={<Blank title="Nothing stored yet">The first block shows here as soon as it is stored.</Blank>}
      />
      {open?.failure !== undefined && (
        <ErrorDialog
          of={open.object}
          at={open.finished_at}
          failure={open.failure}
          onClose={() => setEntry(undefined)}
        />
      )}
    </>
  )
}

function columns(orgId: string, show: (id: string) => void): GridColumn<Block>[] {
  return [
    { id: 'finished_at', title: 'When', width: 190, cell: (block) => <Moment at={block.finished_at} /> },
    { id: 'outcome', title: 'Outcome', width: 95, cell: (block) => <Outcome block={block} show={show} /> },
    { id: 'new', title: 'New', width: 72, align: 'right', cell: ({ counts }) => count(counts.new) },
    {
      id: 'changed',
      title: 'Changed',
      width: 98,
      align: 'right',
      cell: ({ counts }) => count(counts.changed),
    },
    {
      id: 'deleted',
      title: 'Deleted',
      width: 95,
      align: 'right',
      cell: ({ counts }) => count(counts.deleted),
    },
    {
      id: 'undeleted',
      title: 'Undeleted',
      width: 110,
      align: 'right',
      isHiddenAtFirst: true,
      cell: ({ counts }) => count(counts.undeleted),
    },
    {
      id: 'unchanged',
      title: 'Unchanged',
      width: 115,
      align: 'right',
      isHiddenAtFirst: true,
      cell: ({ counts }) => count(counts.unchanged),
    },
    {
      id: 'window',
      title: 'Records modified',
      width: 200,
      grows: true,
      wraps: true,
      cell: (block) => windowOf(block),
    },
    {
      id: 'way',
      title: 'Read',
      width: 108,
      cell: ({ failure, way }) => (failure === undefined ? wayWord(way) : '—'),
    },
    {
      id: 'took',
      title: 'Took',
      width: 82,
      align: 'right',
      cell: ({ started_at, finished_at }) => between(started_at, finished_at),
    },
    {
      id: 'bytes',
      title: 'Stored',
      width: 95,
      align: 'right',
      isHiddenAtFirst: true,
      cell: ({ counts }) => bytes(counts.bytes),
    },
    {
      id: 'run',
      title: 'Run',
      width: 76,
      cell: ({ run_id }) => <Link to={paths.run(orgId, run_id)}>its run</Link>,
    },
    {
      id: 'version',
      title: 'Table version',
      width: 120,
      align: 'right',
      isHiddenAtFirst: true,
      cell: ({ table_version }) => table_version,
    },
  ]
}

function windowOf({ failure, window_from, window_until }: Block): string {
  if (failure !== undefined) return '—'
  if (window_until === undefined) return 'any time'
  return window_from === undefined ? `until ${minuteOf(window_until)}` : minutesOf(window_from, window_until)
}

function Outcome({ block, show }: { block: Block; show: (id: string) => void }) {
  if (block.failure === undefined) return 'stored'
  return <ErrorLink onClick={() => show(block.id)}>error</ErrorLink>
}
