import { Blank } from '~/ui/Message'

/** A page that its reader has no right to, and why. */
export function Closed({ reason }: { reason: string }) {
  return (
    <Blank title="This page is closed to you" code="not_allowed">
      {reason}
    </Blank>
  )
}
