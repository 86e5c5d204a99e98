import type { QueryClient } from '@tanstack/react-query'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { meQuery } from './queries'
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
const ofOrgs = ['/api/v1/orgs', '/api/v1/orgs/{org_id}']
const ofRun = ['', '/objects', '/changes', '/errors'].map((end) => `/api/v1/runs/{run_id}${end}`)
const pause = 1_500
const reopenAfter = 5_000

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
    let source: EventSource
    let again: ReturnType<typeof setTimeout> | undefined
    let isReopened = false
    const refresh = new Refresher(queries)
    const hear = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as LiveEvent
      refresh.after(event)
      if (keep > 0) setEvents((known) => [event, ...known].slice(0, keep))
    }
    const open = () => {
      source = new EventSource(
        `/api/v1/events${orgId === undefined ? '' : `?org_id=${encodeURIComponent(orgId)}`}`,
      )
      for (const kind of kinds) source.addEventListener(kind, hear)
      source.onopen = () => {
        setConnected(true)
        if (isReopened) refresh.afterGap()
        isReopened = true
      }
      source.onerror = () => {
        setConnected(false)
        // Tells whether the service is away or the session is over.
        void queries.invalidateQueries({ queryKey: meQuery().queryKey })
        // The browser comes back by itself, unless it was refused.
        if (source.readyState === EventSource.CLOSED) again = setTimeout(open, reopenAfter)
      }
    }
    open()
    return () => {
      clearTimeout(again)
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

  after({ kind }: LiveEvent) {
    if (kind === 'missed') {
      this.afterGap()
      return
    }
    this.#add([...moving, ...ofRun])
    if (kind === 'run_finished') this.#add(afterRun)
    if (kind === 'org_changed' || kind === 'auto_backup_changed' || kind === 'run_finished') this.#add(ofOrgs)
  }

  /** Anything may have happened meanwhile. */
  afterGap() {
    this.#add([...moving, ...afterRun, ...ofOrgs, ...ofRun])
  }

  #add(paths: readonly string[]) {
    for (const path of paths) this.#ends.add(path)
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
