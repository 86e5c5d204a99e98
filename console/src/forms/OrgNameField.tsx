import type { ComponentProps } from 'react'
import { TextField } from '~/ui/Field'

export function OrgNameField(props: Omit<ComponentProps<typeof TextField>, 'label'>) {
  return (
    <TextField
      {...props}
      label="Name in Holdfast"
      required
      maxLength={80}
      autoComplete="off"
      hint="How you will find the org here and on the command line, such as acme-production."
    />
  )
}
