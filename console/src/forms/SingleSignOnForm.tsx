import { useState } from 'react'
import { client } from '~/api/client'
import type { SingleSignOn } from '~/api/types'
import { useAct } from '~/components/useAct'
import { Copy } from '~/ui/Copy'
import { Checkbox, TextField } from '~/ui/Field'
import { Form } from './Form'
import { useFields } from './useFields'

type Change = Parameters<typeof toBody>[0]

export function SingleSignOnForm({ settings }: { settings: SingleSignOn }) {
  const [flags, setFlags] = useState({
    is_enabled: settings.is_enabled,
    requires_single_sign_on: settings.requires_single_sign_on,
  })
  const save = useAct({
    act: (change: Change) => client.PUT('/api/v1/single_sign_on', { body: toBody(change) }),
    changes: ['/api/v1/single_sign_on', '/api/v1/sign_in_options'],
    done: 'Single sign-on saved; the provider was asked and answered',
    isShownByForm: true,
    onDone: () => set({ client_secret: '' }),
  })
  const { values, bind, set } = useFields(
    {
      issuer: settings.issuer ?? '',
      client_id: settings.client_id ?? '',
      client_secret: '',
      label: settings.label,
      admitted_domains: settings.admitted_domains.join(', '),
    },
    save.error,
  )
  return (
    <Form
      action="Check and save"
      isBusy={save.isPending}
      problem={save.error}
      onSubmit={() => save.mutate({ ...values, ...flags })}
    >
      <Checkbox
        label="Members may sign in with the identity provider"
        checked={flags.is_enabled}
        onChange={(event) => setFlags({ ...flags, is_enabled: event.target.checked })}
      />
      <div className="stack-tight">
        <div>The provider must allow this redirect address:</div>
        <Copy label="redirect address" value={settings.callback_url} />
      </div>
      <TextField
        label="Issuer"
        required
        inputMode="url"
        placeholder="https://login.example.com/realms/acme"
        {...bind('issuer')}
      />
      <TextField label="Client id" required spellCheck={false} autoComplete="off" {...bind('client_id')} />
      <TextField
        label="Client secret"
        type="password"
        autoComplete="off"
        hint={
          settings.has_client_secret
            ? 'One is stored; leave this empty to keep it.'
            : 'Leave this empty if the provider gave none.'
        }
        {...bind('client_secret')}
      />
      <TextField label="Words on the button" required {...bind('label')} />
      <TextField
        label="Admitted domains"
        hint="Whoever has a verified address there becomes a member without rights. Everybody else needs an invitation."
        placeholder="acme.example, acme.test"
        {...bind('admitted_domains')}
      />
      <Checkbox
        label="Passwords are refused, except those of owners"
        checked={flags.requires_single_sign_on}
        onChange={(event) => setFlags({ ...flags, requires_single_sign_on: event.target.checked })}
      />
    </Form>
  )
}

function toBody(form: {
  is_enabled: boolean
  requires_single_sign_on: boolean
  issuer: string
  client_id: string
  client_secret: string
  label: string
  admitted_domains: string
}) {
  return {
    is_enabled: form.is_enabled,
    requires_single_sign_on: form.requires_single_sign_on,
    issuer: form.issuer.trim(),
    client_id: form.client_id.trim(),
    label: form.label.trim(),
    admitted_domains: form.admitted_domains.split(/[\s,]+/).filter((domain) => domain !== ''),
    ...(form.client_secret === '' ? {} : { client_secret: form.client_secret }),
  }
}
