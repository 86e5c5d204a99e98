import type { QueryClient } from '@tanstack/react-query'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Pause, Play, Plus } from 'lucide-react'
import { Link } from 'react-router'
import { client } from '~/api/client'
import { useLiveEvents } from '~/api/live'
import { listQuery, meQuery, systemQuery } from '~/api/queries'
import { noPermission } from '~/api/rights'
import type { Org } from '~/api/types'
import { LinkButton } from '~/components/LinkButton'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { useAct } from '~/components/useAct'
import { orgLight } from '~/components/words'
import { paths } from '~/paths'
import { Button } from '~/ui/Button'
import { counted } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Light } from '~/ui/Light'
import { Blank, Notice } from '~/ui/Message'
import { Ago } from '~/ui/Time'

const columns: GridColumn<Org>[] = [
  {
    id: 'name',
    title: 'Org',
    width: 150,
    grows: true,
    cell: (org) => <Link to={paths.org(org.id)}>{org.name}</Link>,
  },
  { id: 'auto_backup', title: 'Auto backup', width: 162, cell: (org) => <Light {...orgLight(org)} /> },
  {
    id: 'last_captured_at',
    title: 'Last captured',
    width: 128,
    cell: (org) => <Ago at={org.last_captured_at} />,
  },
  {
    id: 'address',
    title: 'Address',
    width: 210,
    grows: true,
    wraps: true,
    cell: (org) => org.instance_url.replace(/^https?:\/\//, ''),
  },
  { id: 'kind', title: 'Kind', width: 142, cell: (org) => kindOf(org) },
  {
    id: 'user',
    title: 'Integration user',
    width: 205,
    grows: true,
    wraps: true,
    cell: (org) => org.integration_user,
  },
  {
    id: 'connected',
    title: 'Connected',
    width: 130,
    isHiddenAtFirst: true,
    cell: (org) => <Ago at={org.connected_at} />,
  },
  {
    id: 'owner',
    title: 'Connected by',
    width: 150,
    isHiddenAtFirst: true,
    cell: (org) => org.owner_name,
  },
  {
    id: 'id',
    title: 'Org Id',
    width: 180,
    isHiddenAtFirst: true,
    cell: (org) => <span className="mono">{org.id}</span>,
  },
]

function kindOf(org: Org) {
  if (org.is_sandbox === true) return 'Sandbox'
  return org.organization_type ?? ''
}

const orgsList = () => listQuery('/api/v1/orgs', undefined, { limit: 100 })

export const prefetch = (queries: QueryClient) => queries.infiniteQuery(orgsList())

export default function OrgsPage() {
  const { data: me } = useQuery(meQuery())
  const { data: system } = useQuery(systemQuery())
  const orgs = useInfiniteQuery(orgsList())
  useLiveEvents(undefined)
  const cannotConnect = noPermission(me, 'org:connect')
  const connect = (
    <LinkButton
      to={paths.connect()}
      look="primary"
      icon={<Plus size={15} aria-hidden />}
      disabledReason={cannotConnect}
    >
      Connect an org
    </LinkButton>
  )
  return (
    <>
      <PageHead title="Orgs">
        <AllOrgsSwitch orgs={orgs.data?.pages.flatMap(({ items }) => items) ?? []} />
        {connect}
      </PageHead>
      {system?.is_auto_backup_served === false && (
        <Notice tone="warn" title="Auto backup stands still">
          No process of Holdfast has worked on it for a while. Whoever runs the service starts it with{' '}
          <code>holdfast serve</code>.
        </Notice>
      )}
      <QueryGrid
        name="orgs"
        label="Orgs"
        columns={columns}
        query={orgs}
        rowId={(org) => org.id}
        empty={
          <Blank title="No org yet" actions={connect}>
            {cannotConnect === undefined
              ? 'Connect your first Salesforce org, and switch its backup on. It takes a few minutes.'
              : 'You see the orgs on which an owner of the team gives you rights.'}
          </Blank>
        }
      />
    </>
  )
}

/** Pauses or resumes everything at once, for the time in which Salesforce is worked on. */
function AllOrgsSwitch({ orgs }: { orgs: Org[] }) {
  const move = useAct({
    act: (state: 'running' | 'paused') => client.PUT('/api/v1/auto_backup', { body: { state } }),
    changes: ['/api/v1/orgs'],
    done: ({ org_ids }, state) =>
      `${counted(org_ids.length, 'org')} ${state === 'paused' ? 'paused' : 'resumed'}`,
  })
  const mine = orgs.filter((org) => org.rights.includes('execute') && org.auto_backup !== 'off')
  const active = mine.filter((org) => org.auto_backup !== 'paused')
  if (mine.length === 0) return null
  return active.length > 0 ? (
    <Button
      icon={<Pause size={14} aria-hidden />}
      busy={move.isPending}
      onClick={() => move.mutate('paused')}
    >
      Pause all
    </Button>
  ) : (
    <Button
      icon={<Play size={14} aria-hidden />}
      busy={move.isPending}
      onClick={() => move.mutate('running')}
    >
      Resume all
    </Button>
  )
}
