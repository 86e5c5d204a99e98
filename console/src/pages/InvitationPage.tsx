import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLocation, useNavigate } from 'react-router'
import { client } from '~/api/client'
import { meQuery } from '~/api/queries'
import { EntryLayout } from '~/components/EntryLayout'
import { QueryView } from '~/components/QueryView'
import { AcceptInvitationForm } from '~/forms/AcceptInvitationForm'
import { paths } from '~/paths'
import { dayOf } from '~/ui/format'
import { Notice } from '~/ui/Message'
import { tokenOf } from './linkToken'

export default function InvitationPage() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const token = tokenOf(useLocation().hash)
  const invitation = useQuery({
    queryKey: ['invitation', token],
    queryFn: async () => {
      const { data } = await client.POST('/api/v1/invitations/open', { body: { token: token ?? '' } })
      return data
    },
    enabled: token !== undefined,
    retry: false,
  })
  if (token === undefined) {
    return (
      <EntryLayout title="You are invited">
        <Notice tone="warn" title="The link is incomplete">
          Open the whole link that you were sent, with all that follows the #.
        </Notice>
      </EntryLayout>
    )
  }
  return (
    <EntryLayout title="You are invited to Holdfast">
      <QueryView query={invitation} lines={4}>
        {(found) =>
          found !== undefined && (
            <>
              <p className="soft">
                {found.invited_by} invites you as {found.role === 'owner' ? 'an owner' : 'a member'} of the
                team. The invitation is good until {dayOf(found.expires_at)}.
              </p>
              <AcceptInvitationForm
                token={token}
                email={found.email}
                name={found.name ?? ''}
                onDone={(me) => {
                  queries.clear()
                  queries.setQueryData(meQuery().queryKey, me)
                  void navigate(paths.orgs())
                }}
              />
            </>
          )
        }
      </QueryView>
    </EntryLayout>
  )
}
