import { useEffect } from 'react'
import { client } from '~/api/client'
import { CommandLine } from '~/components/CommandLine'
import { useAct } from '~/components/useAct'
import { Copy } from '~/ui/Copy'
import { TextField } from '~/ui/Field'
import type { ConnectTarget } from './connectTarget'
import { cliOf, keptAs } from './connectTarget'
import { Form } from './Form'
import { LoginUrlFields, loginUrlOf, placeOf } from './loginUrl'
import { OrgNameField } from './OrgNameField'
import { useFields } from './useFields'

/** Connects by Salesforce's own sign-in page: the OAuth web server flow with PKCE. */
export function ConnectBrowserForm({
  target,
  callbackUrl,
}: {
  target: ConnectTarget
  callbackUrl: string | undefined
}) {
  const start = useAct({
    act: (body: {
      login_url: string
      client_id: string
      client_secret?: string
      name?: string
      org_id?: string
    }) => client.POST('/api/v1/org_sign_ins', { body }),
    isShownByForm: true,
    onDone: ({ authorize_url }) => {
      if (/^https?:/.test(authorize_url)) location.assign(authorize_url)
    },
  })
  const { values, bind, set } = useFields(
    { place: 'production', name: '', login_url: '', client_id: '', client_secret: '' },
    start.error,
    { as: keptAs(target), secrets: ['client_secret'] },
  )
  const { reset } = start
  // Back from Salesforce's page a browser may show this page as it was left: busy.
  useEffect(() => {
    const onShow = (event: PageTransitionEvent) => event.persisted && reset()
    addEventListener('pageshow', onShow)
    return () => removeEventListener('pageshow', onShow)
  }, [reset])
  const place = placeOf(values.place)
  const loginUrl = loginUrlOf(place, values.login_url)
  return (
    <Form
      action="Continue to Salesforce"
      isBusy={start.isPending || start.isSuccess}
      problem={start.error}
      onSubmit={() =>
        start.mutate({
          login_url: loginUrl,
          client_id: values.client_id.trim(),
          ...(values.client_secret === '' ? {} : { client_secret: values.client_secret }),
          ...(target.kind === 'new' ? { name: values.name.trim() } : { org_id: target.org.id }),
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
        hint="In Salesforce: App Manager, your app, Manage Consumer Details."
        {...bind('client_id')}
      />
      <TextField
        label="Consumer secret (if the app asks for one)"
        type="password"
        autoComplete="off"
        {...bind('client_secret')}
      />
      {callbackUrl !== undefined && (
        <div className="stack-tight">
          <div>The app must name this callback URL, and grant the scopes “api” and “refresh_token”:</div>
          <Copy label="callback URL" value={callbackUrl} />
        </div>
      )}
      <CommandLine
        command={`${cliOf(target, values.name)} --web --login-url ${loginUrl} --client-id ${values.client_id || 'KEY'}`}
      />
    </Form>
  )
}
