import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { client } from '~/api/client'
import { listQuery } from '~/api/queries'
import type { Invitation } from '~/api/types'
import { Button } from '~/ui/Button'
import type { GridColumn } from '~/ui/grid/column'
import { Blank } from '~/ui/Message'
import { Ago } from '~/ui/Time'
import { QueryGrid } from './QueryGrid'
import { useAct } from './useAct'

/** Invitations that nobody has taken up yet. */
export function Invitations() {
  const invitations = useInfiniteQuery(listQuery('/api/v1/invitations', undefined, { limit: 100 }))
  const { mutate } = useAct({
    act: (invitation: Invitation) =>
      client.DELETE('/api/v1/invitations/{invitation_id}', {
        params: { path: { invitation_id: invitation.id } },
      }),
    changes: ['/api/v1/invitations'],
    done: (_, { email }) => `The invitation of ${email} is taken back`,
  })
  const columns = useMemo(
    (): GridColumn<Invitation>[] => [
      { id: 'email', title: 'E-mail address', width: 220, grows: true, cell: ({ email }) => email },
      { id: 'name', title: 'Name', width: 150, grows: true, cell: ({ name }) => name },
      { id: 'role', title: 'Role', width: 110, cell: ({ role }) => role },
      { id: 'invited_by', title: 'Invited by', width: 150, cell: ({ invited_by }) => invited_by },
      { id: 'created_at', title: 'Made', width: 120, cell: (row) => <Ago at={row.created_at} /> },
      { id: 'expires_at', title: 'Ends', width: 120, cell: (row) => <Ago at={row.expires_at} /> },
      {
        id: 'take_back',
        title: 'Take back',
        width: 120,
        isPinnedAtFirst: true,
        cell: (row) => (
          <Button
            look="plain"
            aria-label={`Take back the invitation of ${row.email}`}
            onClick={() => mutate(row)}
          >
            Take back
          </Button>
        ),
      },
    ],
    [mutate],
  )
  return (
    <QueryGrid
      name="invitations"
      label="Invitations"
      columns={columns}
      query={invitations}
      rowId={({ id }) => id}
      empty={<Blank title="No open invitation">Invite somebody, and hand them the link that is shown.</Blank>}
    />
  )
}
