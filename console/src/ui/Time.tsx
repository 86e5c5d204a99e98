import { useSyncExternalStore } from 'react'
import { ago, exactly, timeOf } from './format'

// One clock for all relative times on a page.
let now = Date.now()
const listeners = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined

function listen(listener: () => void) {
  // A page opened after a quiet hour starts with the time of now.
  if (listeners.size === 0) now = Date.now()
  listeners.add(listener)
  ticking ??= setInterval(() => {
    now = Date.now()
    for (const tell of listeners) tell()
  }, 10_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0) {
      clearInterval(ticking)
      ticking = undefined
    }
  }
}

export function useNow(): number {
  return useSyncExternalStore(listen, () => now)
}

/** `5 minutes ago`; the exact moment, with the zone, is its tooltip. */
export function Ago({ at }: { at: string | undefined }) {
  const now = useNow()
  if (at === undefined) return <span className="soft">never</span>
  return (
    <time dateTime={at} title={exactly(at)}>
      {ago(at, now)}
    </time>
  )
}

/** The moment in the reader's zone; the tooltip names the zone. */
export function Moment({ at }: { at: string | undefined }) {
  if (at === undefined) return <span className="soft">—</span>
  return (
    <time dateTime={at} title={exactly(at)} className="number">
      {timeOf(at)}
    </time>
  )
}
