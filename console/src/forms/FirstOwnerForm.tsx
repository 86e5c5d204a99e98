import { client } from '~/api/client'
import type { Me } from '~/api/types'
import { useAct } from '~/components/useAct'
import { TextField } from '~/ui/Field'
import { Form } from './Form'
import { NewPasswordField } from './PasswordField'
import { useFields } from './useFields'

export function FirstOwnerForm({ token, onDone }: { token: string; onDone: (me: Me) => void }) {
  const create = useAct({
    act: (body: { name: string; email: string; password: string }) =>
      client.POST('/api/v1/first_owner', { body: { token, ...body } }),
    isShownByForm: true,
    onDone,
  })
  const { values, bind } = useFields({ name: '', email: '', password: '' }, create.error)
  return (
    <Form
      action="Create the owner"
      isBusy={create.isPending}
      problem={create.error}
      onSubmit={() => create.mutate(values)}
    >
      <TextField label="Your name" required autoComplete="name" {...bind('name')} />
      <TextField label="E-mail address" type="email" required autoComplete="username" {...bind('email')} />
      <NewPasswordField label="Password" {...bind('password')} />
    </Form>
  )
}
