import { useQuery } from '@tanstack/react-query'
import { client } from '~/api/client'
import { meQuery } from '~/api/queries'
import type { Me } from '~/api/types'
import { Authenticator } from './account/Authenticator'
import { PageHead } from '~/components/PageHead'
import { QueryView } from '~/components/QueryView'
import { Sessions } from './account/Sessions'
import { Tokens } from './account/Tokens'
import { UrlTabs } from '~/components/UrlTabs'
import { useAct } from '~/components/useAct'
import { Form } from '~/forms/Form'
import { PasswordForm } from '~/forms/PasswordForm'
import { useFields } from '~/forms/useFields'
import { TextField } from '~/ui/Field'
import { Details, Panel } from '~/ui/Panel'

export default function AccountPage() {
  const query = useQuery(meQuery())
  return (
    <>
      <PageHead title="Account" />
      <QueryView query={query}>
        {(me) => (
          <UrlTabs
            label="Account"
            tabs={[
              { id: 'profile', title: 'Profile', content: () => <Profile me={me} /> },
              {
                id: 'password',
                title: 'Password',
                content: () => (
                  <Panel title="Password">
                    <PasswordForm hasPassword={me.has_password} />
                  </Panel>
                ),
              },
              { id: 'authenticator', title: 'Authenticator', content: () => <Authenticator me={me} /> },
              { id: 'sessions', title: 'Sessions', content: () => <Sessions /> },
              { id: 'tokens', title: 'API tokens', content: () => <Tokens /> },
            ]}
          />
        )}
      </QueryView>
    </>
  )
}

function Profile({ me }: { me: Me }) {
  const rename = useAct({
    act: (body: { name: string }) => client.PATCH('/api/v1/me', { body }),
    changes: ['/api/v1/me'],
    done: 'Name changed',
    isShownByForm: true,
  })
  const { values, bind } = useFields({ name: me.name }, rename.error)
  return (
    <Panel title="Profile">
      <div className="stack">
        <Details
          facts={[
            { name: 'E-mail address', value: me.email },
            { name: 'Role', value: me.role },
            { name: 'Single sign-on', value: me.is_linked_to_single_sign_on ? 'linked' : 'not linked' },
          ]}
        />
        <Form
          action="Save"
          look="normal"
          isBusy={rename.isPending}
          problem={rename.error}
          onSubmit={() => rename.mutate({ name: values.name.trim() })}
        >
          <TextField label="Your name" required autoComplete="name" {...bind('name')} />
        </Form>
      </div>
    </Panel>
  )
}
