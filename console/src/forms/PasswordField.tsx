import type { ComponentProps } from 'react'
import { TextField } from '~/ui/Field'

const shortest = 12

/** A new password: long enough is what counts. */
export function NewPasswordField(props: Omit<ComponentProps<typeof TextField>, 'type'>) {
  return (
    <TextField
      {...props}
      type="password"
      required
      minLength={shortest}
      autoComplete="new-password"
      hint={`At least ${shortest} characters; a few words in a row do well.`}
    />
  )
}
