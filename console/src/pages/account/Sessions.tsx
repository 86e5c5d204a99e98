import { useInfiniteQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { client } from '~/api/client'
import { listQuery } from '~/api/queries'
import type { Session } from '~/api/types'
import { Button } from '~/ui/Button'
import type { GridColumn } from '~/ui/grid/column'
import { Badge } from '~/ui/Light'
import { Blank } from '~/ui/Message'
import { Ago } from '~/ui/Time'
import { browserOf } from './browserOf'
import { QueryGrid } from '~/components/QueryGrid'
import { useAct } from '~/components/useAct'

const ways: Record<Session['way'], string> = {
  password: 'password',
  single_sign_on: 'single sign-on',
  first_owner: 'first start',
  invitation: 'invitation',
}

/** Where the reader is signed in. */
export function Sessions() {
  const sessions = useInfiniteQuery(listQuery('/api/v1/me/sessions', undefined, { limit: 100 }))
  const { mutate } = useAct({
    act: (session: Session) =>
      client.DELETE('/api/v1/me/sessions/{session_id}', { params: { path: { session_id: session.id } } }),
    changes: ['/api/v1/me/sessions'],
    done: 'The session has ended',
  })
  const columns = useMemo(
    (): GridColumn<Session>[] => [
      {
        id: 'device',
        title: 'Browser',
        width: 180,
        grows: true,
        cell: ({ user_agent }) => <span title={user_agent}>{browserOf(user_agent)}</span>,
      },
      { id: 'ip', title: 'Address', width: 130, cell: ({ ip }) => ip },
      { id: 'way', title: 'Signed in with', width: 145, cell: ({ way }) => ways[way] },
      { id: 'signed_in_at', title: 'Signed in', width: 140, cell: (row) => <Ago at={row.signed_in_at} /> },
      { id: 'last_seen_at', title: 'Last seen', width: 140, cell: (row) => <Ago at={row.last_seen_at} /> },
      { id: 'expires_at', title: 'Ends', width: 140, cell: (row) => <Ago at={row.expires_at} /> },
      {
        id: 'end',
        title: 'End',
        width: 100,
        isPinnedAtFirst: true,
        cell: (row) =>
          row.is_current ? (
            <Badge tone="good">this one</Badge>
          ) : (
            <Button look="plain" onClick={() => mutate(row)}>
              End it
            </Button>
          ),
      },
    ],
    [mutate],
  )
  return (
    <QueryGrid
      name="sessions"
      label="Sessions"
      columns={columns}
      query={sessions}
      rowId={({ id }) => id}
      empty={<Blank title="No sessions" />}
    />
  )
}
