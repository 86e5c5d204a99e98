import { client } from '~/api/client'
import type { NewCredentials, Org } from '~/api/types'
import { useAct } from '~/components/useAct'
import type { ConnectTarget } from './connectTarget'
import { forgetKept } from '~/components/keptForm'

/** Connects with credentials that need no browser, a new org or a known one again. */
export function useConnect(target: ConnectTarget, onDone: (org: Org) => void) {
  return useAct({
    act: ({ name, credentials }: { name: string; credentials: NewCredentials }) =>
      target.kind === 'new'
        ? client.POST('/api/v1/orgs', { body: { name: name.trim(), credentials } })
        : client.PUT('/api/v1/orgs/{org_id}/connection', {
            params: { path: { org_id: target.org.id } },
            body: { credentials },
          }),
    changes: ['/api/v1/orgs', '/api/v1/orgs/{org_id}', '/api/v1/me'],
    isShownByForm: true,
    onDone: (org: Org) => {
      forgetKept()
      onDone(org)
    },
  })
}
