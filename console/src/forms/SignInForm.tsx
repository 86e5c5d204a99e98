import { client } from '~/api/client'
import type { Me } from '~/api/types'
import { useAct } from '~/components/useAct'
import { TextField } from '~/ui/Field'
import { Form } from './Form'
import { useFields } from './useFields'

type Props = { onDone: (me: Me | undefined) => void; onSecondFactor: () => void }

export function SignInForm({ onDone, onSecondFactor }: Props) {
  const signIn = useAct({
    act: (body: { email: string; password: string }) => client.POST('/api/v1/session', { body }),
    isShownByForm: true,
    onDone: (answer) => (answer.next === 'second_factor' ? onSecondFactor() : onDone(answer.me)),
  })
  const { values, bind } = useFields({ email: '', password: '' }, signIn.error)
  return (
    <Form
      action="Sign in"
      isBusy={signIn.isPending}
      problem={signIn.error}
      onSubmit={() => signIn.mutate(values)}
    >
      <TextField label="E-mail address" type="email" required autoComplete="username" {...bind('email')} />
      <TextField
        label="Password"
        type="password"
        required
        autoComplete="current-password"
        {...bind('password')}
      />
    </Form>
  )
}

export function SecondFactorForm({ onDone }: { onDone: (me: Me) => void }) {
  const confirm = useAct({
    act: (body: { code: string }) => client.POST('/api/v1/session/second_factor', { body }),
    isShownByForm: true,
    onDone,
  })
  const { values, bind } = useFields({ code: '' }, confirm.error)
  return (
    <Form
      action="Continue"
      isBusy={confirm.isPending}
      problem={confirm.error}
      onSubmit={() => confirm.mutate({ code: values.code.trim() })}
    >
      <TextField
        label="Code"
        required
        autoComplete="one-time-code"
        hint="Six digits of your authenticator, or one of your recovery codes."
        {...bind('code')}
      />
    </Form>
  )
}
