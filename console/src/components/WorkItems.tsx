import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { client } from '~/api/client'
import { listQuery } from '~/api/queries'
import { noRight } from '~/api/rights'
import type { Failure, Org, WorkItem } from '~/api/types'
import { paths } from '~/paths'
import { Button } from '~/ui/Button'
import { count, counted } from '~/ui/format'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Panel } from '~/ui/Panel'
import type { TableColumn } from '~/ui/Table'
import { Table } from '~/ui/Table'
import { Ago } from '~/ui/Time'
import { NextStep, Told } from './NextStep'
import { QueryView } from './QueryView'
import { useAct } from './useAct'
import { runStatusWord, workKindWord, workTone, workWord } from './words'

export const workPath = '/api/v1/orgs/{org_id}/work_items'

const isOpen = ({ state }: WorkItem) => state === 'waiting' || state === 'running'

/** The work items of an org, how far they are, and what came of them. */
export function WorkItems({ org }: { org: Org }) {
  const work = useInfiniteQuery({
    ...listQuery(workPath, { org_id: org.id }, { limit: 10 }),
    refetchInterval: ({ state }) =>
      (state.data?.pages.some(({ items }) => items.some(isOpen)) ?? false) ? 2_000 : false,
  })
  const cancel = useAct({
    act: ({ id }: WorkItem) =>
      client.DELETE('/api/v1/work_items/{work_item_id}', { params: { path: { work_item_id: id } } }),
    changes: [workPath],
    done: (_, { kind }) => `The ${workKindWord[kind]} is cancelled`,
  })
  return (
    <Panel
      title="Work items"
      flush
      actions={
        work.hasNextPage && (
          <Button look="plain" busy={work.isFetchingNextPage} onClick={() => void work.fetchNextPage()}>
            Older ones
          </Button>
        )
      }
    >
      <QueryView query={work}>
        {({ pages }) => {
          const rows = pages.flatMap(({ items }) => items)
          if (rows.length === 0) {
            return (
              <Blank title="No work item yet">
                Backups, checks and compactions that somebody asks for show up here.
              </Blank>
            )
          }
          return (
            <Table
              label="Work items"
              columns={columns(org, cancel.mutate)}
              rows={rows}
              rowId={({ id }) => id}
            />
          )
        }}
      </QueryView>
    </Panel>
  )
}

function columns(org: Org, cancel: (work: WorkItem) => void): TableColumn<WorkItem>[] {
  return [
    { title: 'What', cell: ({ kind }) => workKindWord[kind] },
    { title: 'State', cell: (work) => <Badge tone={workTone(work.state)}>{workWord(work)}</Badge> },
    { title: 'Asked by', cell: ({ asked_by }) => asked_by },
    { title: 'Asked', cell: ({ asked_at }) => <Ago at={asked_at} /> },
    { title: 'Result', wrap: true, cell: (work) => <Result org={org} work={work} /> },
    {
      title: 'Cancel',
      cell: (work) =>
        isOpen(work) && (
          <Button look="plain" disabledReason={noRight(org, 'execute')} onClick={() => cancel(work)}>
            Cancel
          </Button>
        ),
    },
  ]
}

function Result({ org, work }: { org: Org; work: WorkItem }) {
  const { failure, run_id: run, run_status: status } = work
  const told = failure !== undefined && <Failed failure={failure} />
  if (run === undefined) return told === false ? outcomeOf(work) : told
  const link = (
    <Link to={paths.run(org.id, run)}>{status === undefined ? 'its run' : runStatusWord[status]}</Link>
  )
  return (
    <>
      {told}
      {told !== false && ' · '}
      {link}
    </>
  )
}

function Failed({ failure: { message, hint, code } }: { failure: Failure }) {
  return (
    <>
      <Told>{message}</Told>
      {/* Who cancelled it knows how to begin it again. */}
      {code !== 'cancelled' && (
        <div className="soft">
          <NextStep hint={hint} code={code} />
        </div>
      )}
    </>
  )
}

function outcomeOf({ kind, state, check, check_progress: progress, compaction }: WorkItem): string {
  if (check?.is_whole === true) {
    return `whole: ${counted(check.tables, 'table')}, ${counted(check.blobs, 'file body', 'file bodies')}${check.read_data ? ', every byte read' : ''}`
  }
  if (check !== undefined) {
    const first = check.damage[0]
    const which = check.damaged === 1 ? '' : '; the first'
    return `damaged in ${counted(check.damaged, 'place')}${which}: ${first?.path ?? ''}: ${first?.detail ?? ''}`
  }
  if (compaction !== undefined) {
    return `${counted(compaction.files_before, 'file')} became ${count(compaction.files_after)}`
  }
  if (progress !== undefined) {
    return `${count(progress.done)} of ${count(progress.total)} tables, ${progress.name}`
  }
  return kind === 'backup' && state === 'running' ? 'waits for another run of this org' : ''
}
