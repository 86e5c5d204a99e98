import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link, useNavigate, useParams } from 'react-router'
import { client } from '~/api/client'
import { listQuery, memberQuery, meQuery } from '~/api/queries'
import { noPermission, rightNames } from '~/api/rights'
import type { Member, Role } from '~/api/types'
import { Closed } from '~/components/Closed'
import { Confirm } from '~/components/Confirm'
import { PageHead } from '~/components/PageHead'
import { QueryView } from '~/components/QueryView'
import { useAct } from '~/components/useAct'
import { roleChoices } from '~/forms/InviteForm'
import { paths } from '~/paths'
import { Button } from '~/ui/Button'
import { Choices } from '~/ui/Field'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Details, Panel } from '~/ui/Panel'
import { Table } from '~/ui/Table'
import { Ago, Moment } from '~/ui/Time'

const changes = ['/api/v1/members', '/api/v1/members/{member_id}']

export default function MemberPage() {
  const { memberId = '' } = useParams()
  const { data: me } = useQuery(meQuery())
  const closed = noPermission(me, 'team:manage')
  const member = useQuery({ ...memberQuery(memberId), enabled: closed === undefined })
  if (closed !== undefined) return <Closed page="Team" reason={closed} />
  return (
    <QueryView query={member}>
      {(found) => (
        <>
          <PageHead
            title={found.name}
            up={{ to: paths.team(), name: 'Team' }}
            aside={
              <>
                <span>{found.email}</span>
                <Badge tone={found.role === 'owner' ? 'good' : 'neutral'}>{found.role}</Badge>
                {found.is_disabled && <Badge tone="bad">disabled</Badge>}
              </>
            }
          />
          <SignInPanel member={found} />
          <RolePanel member={found} />
          <OrgsPanel member={found} />
          <DangerPanel member={found} isMe={me?.id === found.id} />
        </>
      )}
    </QueryView>
  )
}

function SignInPanel({ member }: { member: Member }) {
  const at = { params: { path: { member_id: member.id } } }
  const endSessions = useAct({
    act: () => client.DELETE('/api/v1/members/{member_id}/sessions', at),
    changes,
    done: `All sessions of ${member.name} have ended`,
  })
  const resetTotp = useAct({
    act: () => client.DELETE('/api/v1/members/{member_id}/totp', at),
    changes,
    done: `${member.name} signs in without an authenticator until a new one is set up`,
  })
  return (
    <Panel
      title="Sign-in"
      actions={
        <>
          <Button
            busy={resetTotp.isPending}
            disabledReason={member.has_totp ? undefined : 'There is no authenticator'}
            onClick={() => resetTotp.mutate()}
          >
            Remove the authenticator
          </Button>
          <Button busy={endSessions.isPending} onClick={() => endSessions.mutate()}>
            End all sessions
          </Button>
        </>
      }
    >
      <Details
        facts={[
          { name: 'Password', value: member.has_password ? 'set' : 'none' },
          { name: 'Authenticator', value: member.has_totp ? 'set up' : 'none' },
          { name: 'Single sign-on', value: member.is_linked_to_single_sign_on ? 'linked' : 'not linked' },
          { name: 'Joined', value: <Moment at={member.created_at} /> },
          { name: 'Last seen', value: <Ago at={member.last_seen_at} /> },
        ]}
      />
    </Panel>
  )
}

function useChangeMember(member: Member, done: string) {
  return useAct({
    act: (body: { role?: Role; is_disabled?: boolean }) =>
      client.PATCH('/api/v1/members/{member_id}', { params: { path: { member_id: member.id } }, body }),
    changes: [...changes, '/api/v1/me'],
    done,
  })
}

function RolePanel({ member }: { member: Member }) {
  const change = useChangeMember(member, 'Role changed')
  return (
    <Panel title="Role">
      <Choices
        legend="Role"
        legendHidden
        name="role"
        value={member.role}
        onChange={(role) => change.mutate({ role })}
        choices={roleChoices}
      />
    </Panel>
  )
}

function OrgsPanel({ member }: { member: Member }) {
  const orgs = useInfiniteQuery(listQuery('/api/v1/orgs', undefined, { limit: 100 }))
  const nameOf = (id: string) =>
    orgs.data?.pages.flatMap(({ items }) => items).find((org) => org.id === id)?.name ?? id
  return (
    <Panel title="Rights on orgs" flush>
      {member.orgs.length === 0 ? (
        <Blank title="No rights on any org">
          They are given on the Settings page of each org, under Rights.
        </Blank>
      ) : (
        <Table
          label="Rights on orgs"
          rows={member.orgs}
          rowId={({ org_id }) => org_id}
          columns={[
            {
              title: 'Org',
              cell: ({ org_id }) => (
                <Link to={paths.orgSettings(org_id, { tab: 'rights' })}>{nameOf(org_id)}</Link>
              ),
            },
            {
              title: 'Rights',
              wrap: true,
              cell: ({ rights, is_owner }) =>
                is_owner
                  ? 'all, as owner of the connection'
                  : rights.map((right) => rightNames[right]).join(', '),
            },
          ]}
        />
      )}
    </Panel>
  )
}

function DangerPanel({ member, isMe }: { member: Member; isMe: boolean }) {
  const [isAsking, setAsking] = useState(false)
  const navigate = useNavigate()
  const change = useChangeMember(
    member,
    member.is_disabled ? `${member.name} may sign in again` : `${member.name} is disabled`,
  )
  const remove = useAct({
    act: () => client.DELETE('/api/v1/members/{member_id}', { params: { path: { member_id: member.id } } }),
    changes,
    done: `${member.name} is no longer a member`,
    onDone: () => void navigate(paths.team()),
  })
  const reason = isMe ? 'This is you; another owner must do it' : undefined
  return (
    <Panel title="Disable or remove">
      <div className="line">
        <Button
          disabledReason={reason}
          busy={change.isPending}
          onClick={() => change.mutate({ is_disabled: !member.is_disabled })}
        >
          {member.is_disabled ? 'Enable again' : 'Disable'}
        </Button>
        <Button look="danger" disabledReason={reason} onClick={() => setAsking(true)}>
          Remove from the team
        </Button>
      </div>
      {isAsking && (
        <Confirm
          title={`Remove ${member.name}?`}
          name={member.email}
          action="Remove"
          isBusy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          Sessions and tokens end at once. The audit log keeps what was done.
        </Confirm>
      )}
    </Panel>
  )
}
