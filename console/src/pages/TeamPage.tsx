import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router'
import { listQuery, meQuery } from '~/api/queries'
import { noPermission } from '~/api/rights'
import type { Member } from '~/api/types'
import { Closed } from '~/components/Closed'
import { Invitations } from '~/components/Invitations'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { UrlTabs } from '~/components/UrlTabs'
import { InviteForm } from '~/forms/InviteForm'
import { paths } from '~/paths'
import { Button } from '~/ui/Button'
import { Copy } from '~/ui/Copy'
import { Dialog } from '~/ui/Dialog'
import { counted } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Ago } from '~/ui/Time'

export default function TeamPage() {
  const { data: me } = useQuery(meQuery())
  const [isInviting, setInviting] = useState(false)
  const closed = noPermission(me, 'team:manage')
  if (closed !== undefined) return <Closed page="Team" reason={closed} />
  return (
    <>
      <PageHead title="Team">
        <Button look="primary" icon={<UserPlus size={15} aria-hidden />} onClick={() => setInviting(true)}>
          Invite somebody
        </Button>
      </PageHead>
      <UrlTabs
        label="Team"
        tabs={[
          { id: 'members', title: 'Members', content: () => <Members /> },
          { id: 'invitations', title: 'Invitations', content: () => <Invitations /> },
        ]}
      />
      {isInviting && <InviteDialog onClose={() => setInviting(false)} />}
    </>
  )
}

const columns: GridColumn<Member>[] = [
  {
    id: 'name',
    title: 'Member',
    width: 150,
    grows: true,
    cell: ({ id, name }) => <Link to={paths.member(id)}>{name}</Link>,
  },
  { id: 'email', title: 'E-mail address', width: 205, grows: true, cell: ({ email }) => email },
  {
    id: 'role',
    title: 'Role',
    width: 100,
    cell: ({ role }) => <Badge tone={role === 'owner' ? 'good' : 'neutral'}>{role}</Badge>,
  },
  { id: 'state', title: 'State', width: 120, cell: ({ is_disabled, kind }) => stateOf(is_disabled, kind) },
  { id: 'sign_in', title: 'Signs in with', width: 190, grows: true, cell: (member) => waysIn(member) },
  {
    id: 'orgs',
    title: 'Rights on',
    width: 110,
    cell: ({ orgs }) =>
      orgs.length === 0 ? <span className="soft">no org</span> : counted(orgs.length, 'org'),
  },
  { id: 'last_seen_at', title: 'Last seen', width: 125, cell: (member) => <Ago at={member.last_seen_at} /> },
  {
    id: 'created_at',
    title: 'Joined',
    width: 140,
    isHiddenAtFirst: true,
    cell: (member) => <Ago at={member.created_at} />,
  },
]

function stateOf(isDisabled: boolean, kind: Member['kind']) {
  if (isDisabled) return <Badge tone="bad">disabled</Badge>
  return kind === 'service' ? 'service user' : 'active'
}

function waysIn({ has_password, has_totp, is_linked_to_single_sign_on }: Member): string {
  const ways = [
    has_password && (has_totp ? 'password and authenticator' : 'password'),
    is_linked_to_single_sign_on && 'single sign-on',
  ].filter(Boolean)
  return ways.length === 0 ? 'nothing yet' : ways.join(', ')
}

function Members() {
  const members = useInfiniteQuery(listQuery('/api/v1/members', undefined, { limit: 100 }))
  return (
    <QueryGrid
      name="members"
      label="Members"
      columns={columns}
      query={members}
      rowId={({ id }) => id}
      empty={<Blank title="No members" />}
    />
  )
}

function InviteDialog({ onClose }: { onClose: () => void }) {
  const [made, setMade] = useState<{ link: string; email: string }>()
  return (
    <Dialog title="Invite somebody" onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
      {made === undefined ? (
        <InviteForm onDone={(link, email) => setMade({ link, email })} />
      ) : (
        <div className="stack">
          <p>
            Hand this link to {made.email}. It is shown once, works once, and whoever holds it becomes a
            member.
          </p>
          <Copy label="invitation link" value={made.link} />
        </div>
      )}
    </Dialog>
  )
}
