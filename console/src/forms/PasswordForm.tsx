import { client } from '~/api/client'
import { useAct } from '~/components/useAct'
import { TextField } from '~/ui/Field'
import { Form } from './Form'
import { NewPasswordField } from './PasswordField'
import { useFields } from './useFields'

export function PasswordForm({ hasPassword }: { hasPassword: boolean }) {
  const change = useAct({
    act: (body: { current_password?: string; new_password: string }) =>
      client.PUT('/api/v1/me/password', { body }),
    changes: ['/api/v1/me', '/api/v1/me/sessions'],
    done: 'Password changed; your other sessions have ended',
    isShownByForm: true,
    onDone: () => set({ current_password: '', new_password: '' }),
  })
  const { values, bind, set } = useFields({ current_password: '', new_password: '' }, change.error)
  return (
    <Form
      action="Change the password"
      isBusy={change.isPending}
      problem={change.error}
      onSubmit={() =>
        change.mutate({
          new_password: values.new_password,
          ...(hasPassword ? { current_password: values.current_password } : {}),
        })
      }
    >
      {hasPassword && (
        <TextField
          label="Current password"
          type="password"
          required
          autoComplete="current-password"
          {...bind('current_password')}
        />
      )}
      <NewPasswordField label="New password" {...bind('new_password')} />
    </Form>
  )
}
