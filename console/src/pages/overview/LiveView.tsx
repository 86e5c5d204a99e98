import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { apiUseQuery, volumeQuery } from '~/api/queries'
import type { AutoBackup, Org } from '~/api/types'
import { QueryView } from '~/components/QueryView'
import { paths } from '~/paths'
import { Chart } from '~/ui/Chart'
import { bytes, count, counted, dayOf } from '~/ui/format'
import { Facts, Panel } from '~/ui/Panel'
import { Progress } from '~/ui/Progress'
import { Ago, useNow } from '~/ui/Time'
import { LargestObjects } from './LargestObjects'
import styles from './LiveView.module.css'
import { RecentEvents } from './RecentEvents'
import { RecentRuns } from './RecentRuns'

/** After the first backup: what was just captured, how much there is, what it costs the org. */
export function LiveView({ org, backup }: { org: Org; backup: AutoBackup }) {
  return (
    <>
      <Figures org={org} backup={backup} />
      <div className={styles.columns}>
        <RecentRuns org={org} />
        <RecentEvents />
      </div>
      <div className={styles.columns}>
        <ChangesPerDay org={org} />
        <ApiUsePanel org={org} />
      </div>
      <LargestObjects org={org} />
    </>
  )
}

function Figures({ org, backup }: { org: Org; backup: AutoBackup }) {
  const { data: volume } = useQuery(volumeQuery(org.id))
  const { files, objects } = backup
  return (
    <Facts
      facts={[
        {
          name: 'Live records',
          value: count(backup.live_records),
          note: volume && `${count(volume.versions)} versions kept`,
        },
        {
          name: 'Objects',
          value: <Link to={paths.objects(org.id)}>{count(objects.running)} running</Link>,
          note: othersOf(backup.objects),
        },
        {
          name: 'Stored',
          value: volume === undefined ? '…' : bytes(volume.data_bytes + volume.file_bytes),
          note: volume?.first_run_at && `since ${dayOf(volume.first_run_at)}`,
        },
        {
          name: 'Files',
          value: count(files.stored),
          note: files.is_paused ? `paused, ${count(files.pending)} waiting` : filesNote(files),
        },
        {
          name: 'Next round',
          value: <NextRound at={backup.next_round_at} />,
        },
      ]}
    />
  )
}

function othersOf({ warning, stopped, waiting, paused }: AutoBackup['objects']): string | undefined {
  const parts = Object.entries({ 'in warning': warning, stopped, waiting, paused })
    .filter(([, objects]) => objects > 0)
    .map(([word, objects]) => `${count(objects)} ${word}`)
  return parts.length === 0 ? undefined : parts.join(', ')
}

function NextRound({ at }: { at: string | undefined }) {
  const now = useNow()
  if (at === undefined) return '—'
  // The clock of the page goes in steps of ten seconds.
  return Date.parse(at) <= now + 10_000 ? 'due now' : <Ago at={at} />
}

function filesNote({ bytes: size, pending, failed }: AutoBackup['files']): string {
  const waiting = pending === 0 ? 'none waiting' : `${count(pending)} waiting`
  return `${bytes(size)}, ${waiting}${failed === 0 ? '' : `, ${count(failed)} failed`}`
}

function ChangesPerDay({ org }: { org: Org }) {
  const volume = useQuery(volumeQuery(org.id))
  return (
    <Panel title="Captured per day (UTC)">
      <QueryView query={volume}>
        {({ days }) =>
          days.length === 0 ? (
            <p className="soft">Nothing was captured in the last 30 days.</p>
          ) : (
            <Chart
              label="Record versions captured per day, the last 30 days (UTC)"
              days={days.map(({ day }) => day)}
              series={[
                { name: 'new', colour: 'good', values: days.map((day) => day.new) },
                { name: 'changed', colour: 'busy', values: days.map((day) => day.changed) },
                { name: 'deleted', colour: 'bad', values: days.map((day) => day.deleted) },
              ]}
            />
          )
        }
      </QueryView>
    </Panel>
  )
}

function ApiUsePanel({ org }: { org: Org }) {
  const use = useQuery(apiUseQuery(org.id))
  return (
    <Panel title="Daily API calls of the org">
      <QueryView query={use} lines={4}>
        {({ used, allowed, budget_percent, is_budget_reached, held_free, own_calls_today }) => (
          <div className="stack">
            {used !== undefined && allowed !== undefined ? (
              <>
                <div>
                  <strong>{counted(used, 'call')}</strong> of {count(allowed)} used by everybody in the last
                  24 hours
                </div>
                <Progress
                  label="API calls used"
                  done={used}
                  total={allowed}
                  tone={is_budget_reached ? 'warn' : 'good'}
                />
              </>
            ) : (
              <div className="soft">The org has not said yet how many calls were used.</div>
            )}
            <div className="soft">
              Holdfast itself made {counted(own_calls_today, 'call')} today, with those that Salesforce does
              not count. It stops reading at {budget_percent} %
              {held_free !== undefined && `, which leaves ${count(held_free)} to others`}.{' '}
              <Link to={paths.orgSettings(org.id, { tab: 'budget' })}>Change the budget</Link>
            </div>
          </div>
        )}
      </QueryView>
    </Panel>
  )
}
