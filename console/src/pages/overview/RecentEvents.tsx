import { Link } from 'react-router'
import type { Counts, LiveEvent } from '~/api/types'
import { useOrg } from '~/components/OrgFrame'
import { paths } from '~/paths'
import { count, counted, span } from '~/ui/format'
import { Light } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Panel } from '~/ui/Panel'
import styles from './LiveView.module.css'

/** What happens at this moment, as the service tells it. */
export function RecentEvents() {
  const { org, events, isConnected } = useOrg()
  const told = events.filter(isTold)
  return (
    <Panel
      title="Happening now"
      flush
      actions={<Light colour={isConnected ? 'green' : 'grey'} word={isConnected ? 'live' : 'connecting'} />}
    >
      {told.length === 0 ? (
        <Blank title="Quiet">Blocks, errors and retries show here as they happen.</Blank>
      ) : (
        <ul className={styles.events} tabIndex={0} aria-label="Events">
          {told.map((event, at) => (
            <li key={told.length - at} className={styles.event}>
              <Told event={event} orgId={org.id} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}

const silent = new Set<LiveEvent['kind']>([
  'block_progress',
  'files_progress',
  'org_changed',
  'object_planned',
])
const isTold = ({ kind }: LiveEvent) => !silent.has(kind)

function Told({ event, orgId }: { event: LiveEvent; orgId: string }) {
  const object =
    'object' in event ? <Link to={paths.object(orgId, event.object)}>{event.object}</Link> : undefined
  switch (event.kind) {
    case 'block_stored':
      return (
        <span>
          {object} stored: {changesIn(event.counts)}
        </span>
      )
    case 'object_done':
      return <span>{object} is up to date</span>
    case 'object_failed':
      return (
        <span>
          {object} failed: {event.failure.message}
        </span>
      )
    case 'retrying':
      return (
        <span>
          {object ?? 'The run'} is tried again in {span(event.pause_ms / 1000)}: {event.error}
        </span>
      )
    case 'schema_changed':
      return (
        <span>
          {object}: {event.what}
        </span>
      )
    case 'scope_known':
      return (
        <span>
          {counted(event.objects, 'object')} in scope, {event.not_capturable} cannot be captured
        </span>
      )
    case 'run_started':
      return <Link to={paths.run(orgId, event.run_id)}>A run began</Link>
    case 'run_finished':
      return <Link to={paths.run(orgId, event.run_id)}>A run finished</Link>
    case 'auto_backup_changed':
      return <span>Auto backup: {event.state.replace('_', ' ')}</span>
    case 'missed':
      return <span className="soft">{counted(event.events, 'event')} not shown</span>
    default:
      return null
  }
}

function changesIn(counts: Counts): string {
  const parts = (['new', 'changed', 'deleted', 'undeleted'] as const)
    .filter((change) => counts[change] > 0)
    .map((change) => `${count(counts[change])} ${change}`)
  return parts.length === 0 ? 'nothing new' : parts.join(', ')
}
