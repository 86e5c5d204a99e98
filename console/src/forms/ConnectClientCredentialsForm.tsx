import type { Org } from '~/api/types'
import { CommandLine } from '~/components/CommandLine'
import { TextField } from '~/ui/Field'
import type { ConnectTarget } from './connectTarget'
import { cliOf, keptAs } from './connectTarget'
import { Form } from './Form'
import { loginUrlOf } from './loginUrl'
import { OrgNameField } from './OrgNameField'
import { useConnect } from './useConnect'
import { useFields } from './useFields'

/** Connects as the user whom the connected app runs as. */
export function ConnectClientCredentialsForm({
  target,
  onDone,
}: {
  target: ConnectTarget
  onDone: (org: Org) => void
}) {
  const connect = useConnect(target, onDone)
  const { values, bind } = useFields(
    { name: '', login_url: '', client_id: '', client_secret: '' },
    connect.error,
    { as: keptAs(target), secrets: ['client_secret'] },
  )
  const loginUrl = loginUrlOf('my_domain', values.login_url)
  return (
    <Form
      action="Connect"
      isBusy={connect.isPending}
      problem={connect.error}
      onSubmit={() =>
        connect.mutate({
          name: values.name,
          credentials: {
            method: 'client_credentials',
            login_url: loginUrl,
            client_id: values.client_id.trim(),
            client_secret: values.client_secret,
          },
        })
      }
    >
      {target.kind === 'new' && <OrgNameField {...bind('name')} />}
      <TextField
        label="My Domain"
        required
        inputMode="url"
        spellCheck={false}
        placeholder="https://acme.my.salesforce.com"
        hint="Salesforce offers this flow at My Domain only."
        {...bind('login_url')}
      />
      <TextField
        label="Consumer key of your connected app"
        required
        spellCheck={false}
        autoComplete="off"
        {...bind('client_id')}
      />
      <TextField
        label="Consumer secret"
        type="password"
        required
        autoComplete="off"
        {...bind('client_secret')}
      />
      <CommandLine
        command={`${cliOf(target, values.name)} --login-url ${values.login_url || 'URL'} --client-id ${values.client_id || 'KEY'} --client-secret -`}
      />
    </Form>
  )
}
