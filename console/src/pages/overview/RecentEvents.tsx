import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import type { Block, Counts, LiveEvent } from '~/api/types'
import { Told as Message } from '~/components/NextStep'
import { useOrg } from '~/components/OrgFrame'
import { QueryView } from '~/components/QueryView'
import { paths } from '~/paths'
import { count, counted, span } from '~/ui/format'
import { Light } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Panel } from '~/ui/Panel'
import { Said } from '~/ui/Said'
import { Ago } from '~/ui/Time'
import styles from './LiveView.module.css'

/** The newest blocks of all objects, and above them what the service tells at this moment. */
export function RecentEvents() {
  const { org, events, isConnected } = useOrg()
  const blocks = useInfiniteQuery(
    listQuery('/api/v1/orgs/{org_id}/blocks', { org_id: org.id }, { limit: 30 }),
  )
  const told = events.filter(isTold).slice(0, 6)
  return (
    <Panel
      title="Happening now"
      flush
      actions={<Light colour={isConnected ? 'green' : 'grey'} word={isConnected ? 'live' : 'connecting'} />}
    >
      <QueryView query={blocks}>
        {({ pages }) => {
          const stored = pages[0]?.items ?? []
          if (told.length + stored.length === 0)
            return <Blank title="Quiet">Blocks, errors and retries show here as they happen.</Blank>
          return (
            <ul className={styles.events} tabIndex={0} aria-label="Events">
              {told.map((event, at) => (
                <li key={told.length - at} className={styles.event}>
                  <Told event={event} orgId={org.id} />
                </li>
              ))}
              {stored.map((block) => (
                <li key={block.id} className={styles.event}>
                  <Stored block={block} orgId={org.id} />
                </li>
              ))}
            </ul>
          )
        }}
      </QueryView>
    </Panel>
  )
}

function Stored({ block: { object, counts, failure, finished_at }, orgId }: { block: Block; orgId: string }) {
  return (
    <>
      <span>
        <Link to={paths.object(orgId, object)}>{object}</Link>{' '}
        {failure === undefined ? (
          changesIn(counts)
        ) : (
          <>
            failed: <Message>{failure.message}</Message>
          </>
        )}
      </span>
      <span className="soft">
        <Ago at={finished_at} />
      </span>
    </>
  )
}

// What a block does shows among the blocks.
const silent = new Set<LiveEvent['kind']>([
  'block_progress',
  'block_stored',
  'object_done',
  'files_progress',
  'org_changed',
  'object_planned',
])
const isTold = ({ kind }: LiveEvent) => !silent.has(kind)

function Told({ event, orgId }: { event: LiveEvent; orgId: string }) {
  const object =
    'object' in event ? <Link to={paths.object(orgId, event.object)}>{event.object}</Link> : undefined
  switch (event.kind) {
    case 'object_failed':
      return (
        <span>
          {object} failed: <Message>{event.failure.message}</Message>
        </span>
      )
    case 'retrying':
      return (
        <span>
          {object ?? 'The run'} is tried again in {span(event.pause_ms / 1000)}: <Said>{event.error}</Said>
        </span>
      )
    case 'schema_changed':
      return (
        <span>
          {object}: <Said>{event.what}</Said>
        </span>
      )
    case 'scope_known':
      return (
        <span>
          {counted(event.objects, 'object')} in scope, {event.not_capturable} cannot be captured
        </span>
      )
    case 'forecast':
      return (
        <span>
          about {counted(event.api_calls, 'API call')} to make
          {event.left === undefined ? '' : `; the budget leaves ${count(event.left)}`}
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
