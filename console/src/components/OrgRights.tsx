import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { client } from '~/api/client'
import { listQuery } from '~/api/queries'
import { allRights, rightMeanings, rightNames } from '~/api/rights'
import type { Me, MemberRights, Org, Right } from '~/api/types'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { Checkbox } from '~/ui/Field'
import type { GridColumn } from '~/ui/grid/column'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Confirm } from './Confirm'
import { QueryGrid } from './QueryGrid'
import { useAct } from './useAct'

const rightsPath = '/api/v1/orgs/{org_id}/rights'

/** Who may do what on an org. */
export function OrgRights({ org, me }: { org: Org; me: Me | undefined }) {
  const [changing, setChanging] = useState<MemberRights>()
  const [heir, setHeir] = useState<MemberRights>()
  const members = useInfiniteQuery(listQuery(rightsPath, { org_id: org.id }, { limit: 100 }))
  const hand = useAct({
    act: (member: MemberRights) =>
      client.PUT('/api/v1/orgs/{org_id}/owner', {
        params: { path: { org_id: org.id } },
        body: { member_id: member.member_id },
      }),
    changes: [rightsPath, '/api/v1/orgs/{org_id}', '/api/v1/orgs', '/api/v1/me'],
    done: 'The connection has a new owner',
    onDone: () => setHeir(undefined),
  })
  const mayHand = org.owner_id === undefined || org.owner_id === me?.id
  const columns = useMemo(() => rightColumns(setChanging, mayHand ? setHeir : undefined), [mayHand])
  return (
    <>
      <QueryGrid
        name="org-rights"
        label="Rights"
        columns={columns}
        query={members}
        rowId={({ member_id }) => member_id}
        toolbar={
          <span className="soft">
            Members have no rights until some are given here. Whoever owns the connection has all.
          </span>
        }
        empty={<Blank title="No members" />}
      />
      {changing !== undefined && (
        <RightsDialog org={org} member={changing} onClose={() => setChanging(undefined)} />
      )}
      {heir !== undefined && (
        <Confirm
          title={`Hand the connection to ${heir.name}?`}
          action="Hand over"
          isBusy={hand.isPending}
          onConfirm={() => hand.mutate(heir)}
          onClose={() => setHeir(undefined)}
        >
          {heir.name} gets all rights on {org.name}, and you keep those that are given to you.
        </Confirm>
      )}
    </>
  )
}

// As narrow as their titles let them be: all of them fit beside the navigation of a window of 1,280 pixels.
const rightWidths: Record<Right, number> = {
  view: 72,
  browse: 86,
  execute: 90,
  edit: 72,
  delete: 82,
  restore: 90,
  download: 104,
}

function rightColumns(
  change: (member: MemberRights) => void,
  hand: ((member: MemberRights) => void) | undefined,
): GridColumn<MemberRights>[] {
  return [
    {
      id: 'name',
      title: 'Member',
      width: 120,
      grows: true,
      cell: ({ name }) => <span title={name}>{name}</span>,
    },
    { id: 'role', title: 'Role', width: 176, cell: (member) => <Role member={member} hand={hand} /> },
    ...allRights.map((right): GridColumn<MemberRights> => ({
      id: right,
      title: rightNames[right],
      width: rightWidths[right],
      cell: (member) => <Held member={member} right={right} />,
    })),
    {
      id: 'change',
      title: 'Change',
      width: 106,
      isPinnedAtFirst: true,
      cell: (member) => (
        <Button
          look="plain"
          aria-label={`Change rights of ${member.name}`}
          disabledReason={member.is_owner ? 'Whoever owns the connection has all rights' : undefined}
          onClick={() => change(member)}
        >
          Change
        </Button>
      ),
    },
    { id: 'email', title: 'E-mail address', width: 230, isHiddenAtFirst: true, cell: ({ email }) => email },
  ]
}

function Role({
  member,
  hand,
}: {
  member: MemberRights
  hand: ((member: MemberRights) => void) | undefined
}) {
  if (member.is_owner) return <Badge tone="good">owns the connection</Badge>
  return (
    <>
      {member.role}
      {hand !== undefined && member.role === 'owner' && (
        <Button look="plain" onClick={() => hand(member)}>
          Hand over
        </Button>
      )}
    </>
  )
}

function Held({ member, right }: { member: MemberRights; right: Right }) {
  if (member.granted.includes(right)) return 'given'
  return member.rights.includes(right) ? (
    <span className="soft">by role</span>
  ) : (
    <span className="soft">—</span>
  )
}

function RightsDialog({ org, member, onClose }: { org: Org; member: MemberRights; onClose: () => void }) {
  const [rights, setRights] = useState<ReadonlySet<Right>>(new Set(member.granted))
  const save = useAct({
    act: () =>
      client.PUT('/api/v1/orgs/{org_id}/rights/{member_id}', {
        params: { path: { org_id: org.id, member_id: member.member_id } },
        body: { rights: allRights.filter((right) => rights.has(right)) },
      }),
    changes: [rightsPath, '/api/v1/members', '/api/v1/members/{member_id}', '/api/v1/me'],
    done: `Rights of ${member.name} changed`,
    onDone: onClose,
  })
  const toggle = (right: Right) => {
    const next = new Set(rights)
    if (!next.delete(right)) next.add(right)
    setRights(next)
  }
  return (
    <Dialog
      title={`What ${member.name} may do on ${org.name}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={save.isPending} onClick={() => save.mutate()}>
            Save
          </Button>
        </>
      }
    >
      <div className="stack-tight">
        {allRights.map((right) => (
          <Checkbox
            key={right}
            label={rightNames[right]}
            hint={rightMeanings[right]}
            checked={rights.has(right) || (right === 'view' && rights.has('browse'))}
            onChange={() => toggle(right)}
          />
        ))}
      </div>
    </Dialog>
  )
}
