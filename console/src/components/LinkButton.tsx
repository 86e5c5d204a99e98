import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { ButtonLook } from '~/ui/Button'
import { Button, buttonClass } from '~/ui/Button'

type Props = {
  to: string
  look?: ButtonLook
  icon?: ReactNode
  disabledReason?: string | undefined
  children: ReactNode
}

/** A link that looks like a button; with a reason it is a button that says why it leads nowhere. */
export function LinkButton({ to, look = 'normal', icon, disabledReason, children }: Props) {
  if (disabledReason !== undefined) {
    return (
      <Button look={look} icon={icon} disabledReason={disabledReason}>
        {children}
      </Button>
    )
  }
  return (
    <Link to={to} className={buttonClass(look)}>
      {icon}
      {children}
    </Link>
  )
}
