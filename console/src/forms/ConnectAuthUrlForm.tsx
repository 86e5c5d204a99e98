import type { Org } from '~/api/types'
import { CommandLine } from '~/components/CommandLine'
import { TextField } from '~/ui/Field'
import type { ConnectTarget } from './connectTarget'
import { cliOf, keptAs } from './connectTarget'
import { Form } from './Form'
import { OrgNameField } from './OrgNameField'
import { useConnect } from './useConnect'
import { useFields } from './useFields'

/** Connects with the grant that the sf command line holds. */
export function ConnectAuthUrlForm({
  target,
  onDone,
}: {
  target: ConnectTarget
  onDone: (org: Org) => void
}) {
  const connect = useConnect(target, onDone)
  const { values, bind } = useFields({ name: '', auth_url: '' }, connect.error, {
    as: keptAs(target),
    secrets: ['auth_url'],
  })
  return (
    <Form
      action="Connect"
      isBusy={connect.isPending}
      problem={connect.error}
      onSubmit={() =>
        connect.mutate({
          name: values.name,
          credentials: { method: 'sfdx_auth_url', auth_url: values.auth_url.trim() },
        })
      }
    >
      {target.kind === 'new' && <OrgNameField {...bind('name')} />}
      <TextField
        label="Auth URL"
        type="password"
        required
        autoComplete="off"
        hint={
          <>
            “Sfdx Auth Url” as <code>sf org display --verbose --target-org NAME</code> shows it; it begins
            with
            <code> force://</code>.
          </>
        }
        {...bind('auth_url')}
      />
      <CommandLine command={`${cliOf(target, values.name)} --sfdx-auth-url -`} />
    </Form>
  )
}
