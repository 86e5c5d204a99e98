import type { QueryClient } from '@tanstack/react-query'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { LiveEvent } from './types'

const kinds = [
  'run_started',
  'scope_known',
  'object_planned',
  'forecast',
  'schema_changed',
  'block_progress',
  'block_stored',
  'object_done',
  'object_failed',
  'retrying',
  'files_progress',
  'run_finished',
  'auto_backup_changed',
  'org_changed',
  'missed',
] as const satisfies LiveEvent['kind'][]

// What a capture changes while it goes on; everything else is asked again when it is looked at.
const moving = ['auto_backup', 'objects', 'objects/{object}', 'blocks', 'errors', 'runs'].map(
  (end) => `/api/v1/orgs/{org_id}/${end}`,
)
const afterRun = ['volume', 'api_use', 'records/{record_id}'].map((end) => `/api/v1/orgs/{org_id}/${end}`)
const pause = 1_500

// A long list is not read anew while somebody scrolls in it.
const mostPages = 4

/** Listens to the server, and asks again what has changed; returns the newest events, newest first. */
export function useLiveEvents(
  orgId: string | undefined,
  keep = 0,
): { events: LiveEvent[]; isConnected: boolean } {
  const queries = useQueryClient()
  const [events, setEvents] = useState<LiveEvent[]>([])
  const [isConnected, setConnected] = useState(false)

  // A subscription to something outside React.
  useEffect(() => {
    if (typeof EventSource === 'undefined') return
    const source = new EventSource(
      `/api/v1/events${orgId === undefined ? '' : `?org_id=${encodeURIComponent(orgId)}`}`,
    )
    const refresh = new Refresher(queries)
    const hear = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as LiveEvent
      refresh.after(event)
      if (keep > 0) setEvents((known) => [event, ...known].slice(0, keep))
    }
    for (const kind of kinds) source.addEventListener(kind, hear)
    source.onopen = () => setConnected(true)
    source.onerror = () => setConnected(false)
    return () => {
      source.close()
      refresh.stop()
    }
  }, [orgId, queries, keep])

  return { events, isConnected }
}

class Refresher {
  #timer: ReturnType<typeof setTimeout> | undefined
  #ends = new Set<string>()
  readonly #queries: QueryClient

  constructor(queries: QueryClient) {
    this.#queries = queries
  }

  after(event: LiveEvent) {
    for (const path of moving) this.#ends.add(path)
    if (event.kind === 'run_finished' || event.kind === 'missed')
      for (const path of afterRun) this.#ends.add(path)
    if (
      event.kind === 'org_changed' ||
      event.kind === 'auto_backup_changed' ||
      event.kind === 'run_finished'
    ) {
      this.#ends.add('/api/v1/orgs').add('/api/v1/orgs/{org_id}')
    }
    if (event.kind === 'run_started' || event.kind === 'run_finished') this.#ends.add('/api/v1/runs/{run_id}')
    this.#timer ??= setTimeout(() => this.#flush(), pause)
  }

  #flush() {
    this.#timer = undefined
    const ends = this.#ends
    this.#ends = new Set()
    void this.#queries.invalidateQueries({
      predicate: ({ queryKey, state }) => {
        const pages = (state.data as { pages?: unknown[] } | undefined)?.pages?.length ?? 0
        return ends.has(String(queryKey[1])) && pages <= mostPages
      },
    })
  }

  stop() {
    clearTimeout(this.#timer)
  }
}
