import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useLocation, useNavigate } from 'react-router'
import { meQuery, signInOptionsQuery } from '~/api/queries'
import { EntryLayout } from '~/components/EntryLayout'
import { LinkButton } from '~/components/LinkButton'
import { QueryView } from '~/components/QueryView'
import { FirstOwnerForm } from '~/forms/FirstOwnerForm'
import { paths } from '~/paths'
import { Notice } from '~/ui/Message'
import { tokenOf } from './linkToken'

/** The first owner, by the link that the service prints at its first start. */
export default function FirstStartPage() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const token = tokenOf(useLocation().hash)
  const options = useQuery(signInOptionsQuery())

  if (options.data?.needs_first_owner === false) {
    return (
      <EntryLayout
        title="Holdfast has its owner"
        lead="This link was used. Whoever made the first owner can invite you."
      >
        <LinkButton to={paths.signIn()} look="primary">
          Sign in
        </LinkButton>
      </EntryLayout>
    )
  }
  return (
    <EntryLayout
      title="Welcome to Holdfast"
      lead="You are the first one here. Make the owner of this installation."
    >
      {token === undefined ? (
        <Notice tone="warn" title="The link is incomplete">
          Open the whole link that the service printed when it started, with all that follows the #.
        </Notice>
      ) : (
        // Nobody fills in a form whose link was used.
        <QueryView query={options} lines={4}>
          {() => (
            <FirstOwnerForm
              token={token}
              onDone={(me) => {
                queries.clear()
                queries.setQueryData(meQuery().queryKey, me)
                void navigate(paths.orgs())
              }}
            />
          )}
        </QueryView>
      )}
    </EntryLayout>
  )
}
