import { TextField } from '~/ui/Field'
import { Form } from './Form'
import { useFields } from './useFields'

export type Proof = { password?: string; code?: string }

type Props = {
  hasPassword: boolean
  action: string
  isBusy: boolean
  problem: unknown
  onProof: (proof: Proof) => void
}

/** Shows again who one is, before something about one's own sign-in changes. */
export function ProofForm({ hasPassword, action, isBusy, problem, onProof }: Props) {
  const { values, bind } = useFields({ password: '', code: '' }, problem)
  const submit = () => onProof(hasPassword ? { password: values.password } : { code: values.code.trim() })
  return (
    <Form action={action} look="normal" isBusy={isBusy} problem={problem} onSubmit={submit}>
      {hasPassword ? (
        <TextField
          label="Your password"
          type="password"
          required
          autoComplete="current-password"
          {...bind('password')}
        />
      ) : (
        <TextField label="Code of your authenticator" autoComplete="one-time-code" {...bind('code')} />
      )}
    </Form>
  )
}
