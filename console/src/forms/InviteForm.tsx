import { useState } from 'react'
import { client } from '~/api/client'
import type { Role } from '~/api/types'
import { useAct } from '~/components/useAct'
import { Checkbox, Choices, TextField } from '~/ui/Field'
import { Form } from './Form'
import { useFields } from './useFields'

export const roleChoices = [
  { value: 'member', label: 'Member', hint: 'Has no rights on any org until an owner gives some.' },
  {
    value: 'owner',
    label: 'Owner',
    hint: 'Connects orgs, manages the team, reads the audit log. Sees every org, and may remove it.',
  },
] as const satisfies { value: Role; label: string; hint: string }[]

export function InviteForm({ onDone }: { onDone: (link: string, email: string) => void }) {
  const [role, setRole] = useState<Role>('member')
  const [isService, setService] = useState(false)
  const invite = useAct({
    act: (body: { email: string; name?: string; role: Role; kind: 'person' | 'service' }) =>
      client.POST('/api/v1/invitations', { body }),
    changes: ['/api/v1/invitations'],
    isShownByForm: true,
    onDone: ({ link, invitation }) => onDone(link, invitation.email),
  })
  const { values, bind } = useFields({ email: '', name: '' }, invite.error)
  return (
    <Form
      action="Make the invitation"
      isBusy={invite.isPending}
      problem={invite.error}
      onSubmit={() =>
        invite.mutate({
          email: values.email.trim(),
          role,
          kind: isService ? 'service' : 'person',
          ...(values.name.trim() === '' ? {} : { name: values.name.trim() }),
        })
      }
    >
      <TextField label="E-mail address" type="email" required autoComplete="off" {...bind('email')} />
      <TextField label="Name (optional)" autoComplete="off" {...bind('name')} />
      <Choices legend="Role" name="role" value={role} onChange={setRole} choices={roleChoices} />
      <Checkbox
        label="This is a service user with a shared inbox"
        hint="It receives messages, and scripts may use its tokens."
        checked={isService}
        onChange={(event) => setService(event.target.checked)}
      />
    </Form>
  )
}
