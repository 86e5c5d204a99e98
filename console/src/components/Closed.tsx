import { Blank } from '~/ui/Message'
import { PageHead } from './PageHead'

/** A page that its reader has no right to, and why. */
export function Closed({ page, place, reason }: { page: string; place?: string; reason: string }) {
  return (
    <>
      <PageHead title={page} place={place} />
      <Blank title="This page is closed to you" code="not_allowed">
        {reason}
      </Blank>
    </>
  )
}
