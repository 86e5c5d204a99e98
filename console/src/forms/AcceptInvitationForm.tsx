import { client } from '~/api/client'
import type { Me } from '~/api/types'
import { useAct } from '~/components/useAct'
import { TextField } from '~/ui/Field'
import { Form } from './Form'
import { NewPasswordField } from './PasswordField'
import { useFields } from './useFields'

type Props = { token: string; email: string; name: string; onDone: (me: Me) => void }

export function AcceptInvitationForm({ token, email, name, onDone }: Props) {
  const accept = useAct({
    act: (body: { name: string; password: string }) =>
      client.POST('/api/v1/invitations/accept', { body: { token, ...body } }),
    isShownByForm: true,
    onDone,
  })
  const { values, bind } = useFields({ name, password: '' }, accept.error)
  return (
    <Form
      action="Join"
      isBusy={accept.isPending}
      problem={accept.error}
      onSubmit={() => accept.mutate(values)}
    >
      <TextField label="E-mail address" value={email} readOnly autoComplete="username" />
      <TextField label="Your name" required autoComplete="name" {...bind('name')} />
      <NewPasswordField label="Password" {...bind('password')} />
    </Form>
  )
}
