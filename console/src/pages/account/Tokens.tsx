import { useInfiniteQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useMemo, useState } from 'react'
import { client } from '~/api/client'
import { listQuery } from '~/api/queries'
import type { Token } from '~/api/types'
import { TokenForm } from '~/forms/TokenForm'
import { Button } from '~/ui/Button'
import { Copy } from '~/ui/Copy'
import { Dialog } from '~/ui/Dialog'
import { counted } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Blank } from '~/ui/Message'
import { Ago } from '~/ui/Time'
import { QueryGrid } from '~/components/QueryGrid'
import { useAct } from '~/components/useAct'

/** The reader's own API tokens. */
export function Tokens() {
  const [isMaking, setMaking] = useState(false)
  const tokens = useInfiniteQuery(listQuery('/api/v1/me/tokens', undefined, { limit: 100 }))
  const { mutate } = useAct({
    act: (token: Token) =>
      client.DELETE('/api/v1/me/tokens/{token_id}', { params: { path: { token_id: token.id } } }),
    changes: ['/api/v1/me/tokens'],
    done: (_, { name }) => `The token ${name} has ended`,
  })
  const columns = useMemo(
    (): GridColumn<Token>[] => [
      { id: 'name', title: 'Name', width: 150, grows: true, cell: ({ name }) => name },
      {
        id: 'beginning',
        title: 'Begins with',
        width: 125,
        cell: ({ beginning }) => <code>{beginning}…</code>,
      },
      { id: 'scopes', title: 'May', width: 190, grows: true, cell: ({ scopes }) => scopes.join(', ') },
      {
        id: 'orgs',
        title: 'On',
        width: 95,
        cell: ({ org_ids }) => (org_ids === undefined ? 'all orgs' : counted(org_ids.length, 'org')),
      },
      { id: 'last_used_at', title: 'Last used', width: 120, cell: (row) => <Ago at={row.last_used_at} /> },
      {
        id: 'expires_at',
        title: 'Ends',
        width: 115,
        cell: (row) => (row.expires_at === undefined ? 'never' : <Ago at={row.expires_at} />),
      },
      { id: 'created_at', title: 'Made', width: 115, cell: (row) => <Ago at={row.created_at} /> },
      {
        id: 'end',
        title: 'End',
        width: 95,
        isPinnedAtFirst: true,
        cell: (row) => (
          <Button look="plain" aria-label={`End the token ${row.name}`} onClick={() => mutate(row)}>
            End it
          </Button>
        ),
      },
    ],
    [mutate],
  )
  const make = (
    <Button icon={<Plus size={15} aria-hidden />} onClick={() => setMaking(true)}>
      Make a token
    </Button>
  )
  return (
    <>
      <QueryGrid
        name="tokens"
        label="API tokens"
        columns={columns}
        query={tokens}
        rowId={({ id }) => id}
        toolbar={make}
        empty={
          <Blank title="No API token">
            Scripts use one in place of your password; it may do less than you, never more.
          </Blank>
        }
      />
      {isMaking && <MakeToken onClose={() => setMaking(false)} />}
    </>
  )
}

function MakeToken({ onClose }: { onClose: () => void }) {
  const [secret, setSecret] = useState<string>()
  const orgs = useInfiniteQuery(listQuery('/api/v1/orgs', undefined, { limit: 100 }))
  return (
    <Dialog title="Make an API token" onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
      {secret === undefined ? (
        <TokenForm orgs={orgs.data?.pages.flatMap(({ items }) => items) ?? []} onDone={setSecret} />
      ) : (
        <div className="stack">
          <p>Take it now; it is not shown again. Scripts send it as “Authorization: Bearer …”.</p>
          <Copy label="token" value={secret} />
        </div>
      )}
    </Dialog>
  )
}
