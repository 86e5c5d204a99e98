import { Pause, Play, Power } from 'lucide-react'
import { client } from '~/api/client'
import { noRight } from '~/api/rights'
import type { AutoBackup, AutoState, Org } from '~/api/types'
import { Button } from '~/ui/Button'
import type { MenuItem } from '~/ui/Menu'
import { Menu } from '~/ui/Menu'
import { useAct } from './useAct'

const done: Record<AutoState, string> = {
  off: 'Auto backup is off',
  running: 'Auto backup is running',
  files_paused: 'Objects go on, files are paused',
  paused: 'Paused; no more calls are made to this org',
}

/** The one switch: on, and then objects and files, objects only, or paused. */
export function AutoSwitch({ org, backup }: { org: Org; backup: AutoBackup }) {
  const move = useAct({
    act: (state: AutoState) =>
      client.PUT('/api/v1/orgs/{org_id}/auto_backup', {
        params: { path: { org_id: org.id } },
        body: { state },
      }),
    changes: ['auto_backup', 'objects', 'runs']
      .map((end) => `/api/v1/orgs/{org_id}/${end}`)
      .concat('/api/v1/orgs/{org_id}', '/api/v1/orgs'),
    done: (_, state) => done[state],
  })
  const closed = noRight(org, 'execute')
  if (backup.state === 'off') {
    return (
      <Button
        look="primary"
        icon={<Power size={15} aria-hidden />}
        busy={move.isPending}
        disabledReason={closed}
        onClick={() => move.mutate('running')}
      >
        Switch on auto backup
      </Button>
    )
  }
  if (backup.state === 'paused') {
    return (
      <Button
        look="primary"
        icon={<Play size={15} aria-hidden />}
        busy={move.isPending}
        disabledReason={closed}
        onClick={() => move.mutate('running')}
      >
        Resume
      </Button>
    )
  }
  const items: MenuItem[] = [
    {
      label: 'Objects and files',
      checked: backup.state === 'running',
      onSelect: () => move.mutate('running'),
    },
    {
      label: 'Objects only, pause files',
      checked: backup.state === 'files_paused',
      onSelect: () => move.mutate('files_paused'),
    },
  ]
  return (
    <>
      {closed === undefined && <Menu label="What is captured" items={items} />}
      <Button
        icon={<Pause size={15} aria-hidden />}
        busy={move.isPending}
        disabledReason={closed}
        onClick={() => move.mutate('paused')}
      >
        Pause
      </Button>
    </>
  )
}
