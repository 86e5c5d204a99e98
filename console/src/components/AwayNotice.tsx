import { useQuery } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { meQuery } from '~/api/queries'
import { onReachChange, readAway } from '~/api/reach'
import { Notice } from '~/ui/Message'

const pause = 3_000

/** Says that the service does not answer, and asks until it does; what is shown is then asked again. */
export function AwayNotice() {
  const isAway = useSyncExternalStore(onReachChange, readAway)
  useQuery({ ...meQuery(), enabled: isAway, refetchInterval: pause, refetchIntervalInBackground: true })
  if (!isAway) return null
  return (
    <Notice tone="warn" title="Holdfast does not answer">
      What you see may be out of date. It is asked again every few seconds, and this page goes on by itself.
    </Notice>
  )
}
