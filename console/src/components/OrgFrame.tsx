import { useQuery } from '@tanstack/react-query'
import { Outlet, useOutletContext, useParams } from 'react-router'
import { useLiveEvents } from '~/api/live'
import { orgQuery } from '~/api/queries'
import { noRight } from '~/api/rights'
import type { LiveEvent, Org } from '~/api/types'
import { paths } from '~/paths'
import { Notice } from '~/ui/Message'
import { LinkButton } from './LinkButton'
import { QueryView } from './QueryView'

type OrgContext = { org: Org; events: LiveEvent[]; isConnected: boolean }

/** What all pages of one org share: the org itself, its live events, and the word that its connection is broken. */
export function OrgFrame() {
  const { orgId = '' } = useParams()
  const query = useQuery(orgQuery(orgId))
  const live = useLiveEvents(orgId, 60)
  return (
    <QueryView query={query} lines={10}>
      {(org) => (
        <>
          {org.connection === 'needs_reauthorisation' && <BrokenConnection org={org} />}
          <Outlet context={{ org, ...live } satisfies OrgContext} />
        </>
      )}
    </QueryView>
  )
}

export const useOrg = () => useOutletContext<OrgContext>()

function BrokenConnection({ org }: { org: Org }) {
  return (
    <Notice
      tone="bad"
      title="Holdfast can no longer sign in to this org"
      actions={
        <LinkButton to={paths.connect({ org_id: org.id })} disabledReason={noRight(org, 'edit')}>
          Connect again
        </LinkButton>
      }
    >
      {org.connection_message ?? 'Its grant was revoked or has expired.'} What was captured stays; nothing new
      is captured until it is connected again.
    </Notice>
  )
}
