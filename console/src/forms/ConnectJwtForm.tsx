import type { Org } from '~/api/types'
import { CommandLine } from '~/components/CommandLine'
import { TextArea, TextField } from '~/ui/Field'
import type { ConnectTarget } from './connectTarget'
import { cliOf, keptAs } from './connectTarget'
import { Form } from './Form'
import { LoginUrlFields, loginUrlOf, placeOf } from './loginUrl'
import { OrgNameField } from './OrgNameField'
import { useConnect } from './useConnect'
import { useFields } from './useFields'

/** Connects with a key whose certificate the connected app knows. */
export function ConnectJwtForm({ target, onDone }: { target: ConnectTarget; onDone: (org: Org) => void }) {
  const connect = useConnect(target, onDone)
  const { values, bind, set } = useFields(
    { place: 'production', name: '', login_url: '', client_id: '', username: '', private_key: '' },
    connect.error,
    { as: keptAs(target), secrets: ['private_key'] },
  )
  const place = placeOf(values.place)
  const loginUrl = loginUrlOf(place, values.login_url)
  return (
    <Form
      action="Connect"
      isBusy={connect.isPending}
      problem={connect.error}
      onSubmit={() =>
        connect.mutate({
          name: values.name,
          credentials: {
            method: 'jwt_bearer',
            login_url: loginUrl,
            client_id: values.client_id.trim(),
            username: values.username.trim(),
            private_key: values.private_key,
          },
        })
      }
    >
      {target.kind === 'new' && <OrgNameField {...bind('name')} />}
      <LoginUrlFields place={place} setPlace={(to) => set({ place: to })} domain={bind('login_url')} />
      <TextField
        label="Consumer key of your connected app"
        required
        spellCheck={false}
        autoComplete="off"
        {...bind('client_id')}
      />
      <TextField
        label="Username of the integration user"
        required
        spellCheck={false}
        autoComplete="off"
        hint="The app must admit this user: Manage, Permission Sets or Profiles."
        {...bind('username')}
      />
      <TextArea
        label="Private key (PEM)"
        required
        rows={6}
        spellCheck={false}
        placeholder="-----BEGIN PRIVATE KEY-----"
        hint="It is sealed before it is stored, and never shown again."
        {...bind('private_key')}
      />
      <CommandLine
        command={`${cliOf(target, values.name)} --login-url ${loginUrl} --client-id ${values.client_id || 'KEY'} --username ${values.username || 'USER'} --jwt-key key.pem`}
      />
    </Form>
  )
}
