import { CloudDownload } from 'lucide-react'
import { client } from '~/api/client'
import { noRight } from '~/api/rights'
import type { Org } from '~/api/types'
import { Button } from '~/ui/Button'
import { useAct } from './useAct'
import { workPath } from './WorkItems'

/** A run of its own, beside auto backup. */
export function BackUpNow({ org }: { org: Org }) {
  const start = useAct({
    act: () => client.POST('/api/v1/orgs/{org_id}/runs', { params: { path: { org_id: org.id } }, body: {} }),
    changes: [workPath, '/api/v1/orgs/{org_id}/runs'],
    done: ({ state }) =>
      state === 'running'
        ? 'A backup is under way already'
        : 'The backup begins as soon as no other run of this org is under way',
  })
  return (
    <Button
      icon={<CloudDownload size={15} aria-hidden />}
      busy={start.isPending}
      disabledReason={noRight(org, 'execute')}
      onClick={() => start.mutate()}
    >
      Back up now
    </Button>
  )
}
