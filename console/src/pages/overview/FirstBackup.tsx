import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import type { AutoBackup, ObjectStatus, Org } from '~/api/types'
import { ObjectLight } from '~/components/ObjectLight'
import { QueryView } from '~/components/QueryView'
import { paths } from '~/paths'
import { bytes, count, counted, minuteOf, shortCount, span } from '~/ui/format'
import { Blank } from '~/ui/Message'
import { Facts, Panel } from '~/ui/Panel'
import { Progress } from '~/ui/Progress'
import type { TableColumn } from '~/ui/Table'
import { Table } from '~/ui/Table'
import { useNow } from '~/ui/Time'
import styles from './FirstBackup.module.css'

type First = NonNullable<AutoBackup['first_backup']>

/** How far the first full backup is: the org as a whole, and the objects that are at work. */
export function FirstBackup({ org, backup, first }: { org: Org; backup: AutoBackup; first: First }) {
  const total =
    first.records_remaining === undefined ? undefined : first.records_done + first.records_remaining
  const words =
    total === undefined
      ? `${count(first.records_done)} records done; the rest is being counted`
      : `${count(first.records_done)} of ${count(total)} records`
  return (
    <>
      <Panel title="First full backup">
        <div className="stack">
          <div className={styles.words}>
            <strong>{words}</strong>
            <span className="soft">
              {counted(first.objects_done, 'object')} of {count(first.objects_total)} done
            </span>
          </div>
          <Progress label="First full backup" done={first.records_done} total={total ?? 0} text={words} />
          <Figures backup={backup} first={first} />
        </div>
      </Panel>
      <AtWork org={org} />
    </>
  )
}

function Figures({ backup, first }: { backup: AutoBackup; first: First }) {
  const now = useNow()
  const left =
    first.estimated_end_at === undefined ? undefined : (Date.parse(first.estimated_end_at) - now) / 1000
  const { files } = backup
  return (
    <Facts
      facts={[
        {
          name: 'Remaining',
          value: first.records_remaining === undefined ? 'being counted' : count(first.records_remaining),
          note: 'records',
        },
        {
          name: 'Rate',
          value: first.records_per_second === undefined ? '—' : `${shortCount(first.records_per_second)}/s`,
          note: 'over the last minutes',
        },
        {
          name: 'Ready in about',
          value: left === undefined ? '—' : span(left),
          note: first.estimated_end_at === undefined ? 'too early to say' : minuteOf(first.estimated_end_at),
        },
        {
          name: 'Files',
          value: count(files.stored),
          note: files.is_paused ? 'paused' : `${bytes(files.bytes)} stored, ${count(files.pending)} waiting`,
        },
      ]}
    />
  )
}

const atWork = (orgId: string) =>
  listQuery(
    '/api/v1/orgs/{org_id}/objects',
    { org_id: orgId },
    { phase: 'first_capture', sort: 'remaining_records', order: 'descending', limit: 12 },
  )

function AtWork({ org }: { org: Org }) {
  const objects = useInfiniteQuery({ ...atWork(org.id), refetchInterval: 5_000 })
  return (
    <Panel title="Objects at work" flush actions={<Link to={paths.objects(org.id)}>All objects</Link>}>
      <QueryView query={objects}>
        {({ pages }) => {
          const rows = pages[0]?.items ?? []
          if (rows.length === 0)
            return <Blank title="No object is at work right now">The next turn begins in a moment.</Blank>
          return (
            <Table
              label="Objects at work"
              columns={columns(org.id)}
              rows={rows}
              rowId={({ object }) => object}
            />
          )
        }}
      </QueryView>
    </Panel>
  )
}

function columns(orgId: string): TableColumn<ObjectStatus>[] {
  return [
    { title: 'Object', cell: ({ object }) => <Link to={paths.object(orgId, object)}>{object}</Link> },
    { title: 'Status', cell: (row) => <ObjectLight object={row} /> },
    {
      title: 'Progress',
      cell: ({ object, live_records, remaining_records }) =>
        remaining_records === undefined ? (
          <span className="soft">being counted</span>
        ) : (
          <div className={styles.bar}>
            <Progress
              thin
              label={`${object}: progress`}
              done={live_records}
              total={live_records + remaining_records}
            />
          </div>
        ),
    },
    { title: 'Done', align: 'right', cell: ({ live_records }) => count(live_records) },
    {
      title: 'Remaining',
      align: 'right',
      cell: ({ remaining_records }) => (remaining_records === undefined ? '—' : count(remaining_records)),
    },
    {
      title: 'Rate',
      align: 'right',
      cell: ({ records_per_second: rate }) => (rate === undefined ? '—' : `${shortCount(rate)}/s`),
    },
    {
      title: 'Ready in about',
      align: 'right',
      cell: ({ records_per_second: rate, remaining_records: left }) =>
        rate === undefined || rate === 0 || left === undefined ? '—' : span(left / rate),
    },
  ]
}
