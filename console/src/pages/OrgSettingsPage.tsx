import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { client } from '~/api/client'
import { meQuery } from '~/api/queries'
import { noPermission, noRight } from '~/api/rights'
import type { Org } from '~/api/types'
import { Confirm } from '~/components/Confirm'
import { LinkButton } from '~/components/LinkButton'
import { useOrg } from '~/components/OrgFrame'
import { OrgRights } from '~/components/OrgRights'
import { PageHead } from '~/components/PageHead'
import { UrlTabs } from '~/components/UrlTabs'
import { useAct } from '~/components/useAct'
import { BudgetForm, RenameOrgForm } from '~/forms/OrgForms'
import { Upkeep } from '~/forms/Upkeep'
import { paths } from '~/paths'
import { Button } from '~/ui/Button'
import { Light } from '~/ui/Light'
import { Notice } from '~/ui/Message'
import { Details, Panel } from '~/ui/Panel'
import { Moment } from '~/ui/Time'
import { WhoWeAre } from './overview/SetUp'

export default function OrgSettingsPage() {
  const { org } = useOrg()
  const { data: me } = useQuery(meQuery())
  const noTeam = noPermission(me, 'team:manage')
  return (
    <>
      <PageHead title="Settings" place={org.name} />
      <UrlTabs
        label="Settings"
        tabs={[
          { id: 'connection', title: 'Connection', content: () => <ConnectionTab org={org} /> },
          {
            id: 'budget',
            title: 'API budget',
            content: () => (
              <Panel title="API budget">
                <BudgetForm org={org} />
              </Panel>
            ),
          },
          { id: 'upkeep', title: 'Upkeep', content: () => <Upkeep org={org} /> },
          {
            id: 'rights',
            title: 'Rights',
            content: () =>
              noTeam === undefined ? (
                <OrgRights org={org} me={me} />
              ) : (
                <Notice tone="busy" title="Rights are given by owners of the team">
                  {noTeam}
                </Notice>
              ),
          },
        ]}
      />
    </>
  )
}

function ConnectionTab({ org }: { org: Org }) {
  return (
    <>
      <Panel
        title="Connection"
        actions={
          <LinkButton to={paths.connect({ org_id: org.id })} disabledReason={noRight(org, 'edit')}>
            Connect again
          </LinkButton>
        }
      >
        <Details
          facts={[
            {
              name: 'State',
              value:
                org.connection === 'works' ? (
                  <Light colour="green" word="works" />
                ) : (
                  <Light colour="red" word="needs to be connected again" />
                ),
            },
            { name: 'Connected', value: <Moment at={org.connected_at} /> },
            { name: 'Connected by', value: org.owner_name ?? 'the command line' },
          ]}
        />
      </Panel>
      <WhoWeAre org={org} />
      <Panel title="Name">
        <RenameOrgForm org={org} />
      </Panel>
      <RemoveOrg org={org} />
    </>
  )
}

function RemoveOrg({ org }: { org: Org }) {
  const [isAsking, setAsking] = useState(false)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const remove = useAct({
    act: () => client.DELETE('/api/v1/orgs/{org_id}', { params: { path: { org_id: org.id } } }),
    changes: ['/api/v1/orgs', '/api/v1/me'],
    done: `${org.name} is removed; what was captured stays in the lake`,
    onDone: () => {
      void navigate(paths.orgs())
      queries.removeQueries({ queryKey: ['get', '/api/v1/orgs/{org_id}'] })
    },
  })
  return (
    <Panel title="Remove from Holdfast">
      <div className="line spread">
        <p>
          Forgets the connection and stops auto backup. What was captured stays in the lake, and can be
          connected again.
        </p>
        <Button look="danger" disabledReason={noRight(org, 'delete')} onClick={() => setAsking(true)}>
          Remove this org
        </Button>
      </div>
      {isAsking && (
        <Confirm
          title={`Remove ${org.name}?`}
          name={org.name}
          action="Remove"
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          Nothing more is captured from this org, and its credentials are forgotten. The lake keeps what it
          has.
        </Confirm>
      )}
    </Panel>
  )
}
