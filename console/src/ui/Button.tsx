import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { useId } from 'react'
import { classes } from './classes'
import styles from './Button.module.css'

export type ButtonLook = 'normal' | 'primary' | 'danger' | 'plain'

type Props = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'disabled'> & {
  look?: ButtonLook
  /** A reason disables the button and is shown; the button stays reachable, so that the reason can be read. */
  disabledReason?: string | undefined
  busy?: boolean
  /** Shows only the icon; the words are still read out. */
  icon?: ReactNode
  iconOnly?: boolean
}

export function buttonClass(look: ButtonLook = 'normal') {
  return classes(styles.button, look !== 'normal' && styles[look])
}

export function Button({ look, disabledReason, busy, icon, iconOnly, children, onClick, ...rest }: Props) {
  const reasonId = useId()
  const isOff = busy === true || disabledReason !== undefined
  const button = (
    <button
      type="button"
      {...rest}
      className={classes(buttonClass(look), iconOnly && styles.icon, rest.className)}
      aria-disabled={isOff || undefined}
      aria-busy={busy || undefined}
      aria-describedby={disabledReason === undefined ? rest['aria-describedby'] : reasonId}
      onClick={(event) => {
        if (isOff) event.preventDefault()
        else onClick?.(event)
      }}
    >
      {icon}
      {iconOnly ? <span className="visually-hidden">{children}</span> : children}
    </button>
  )
  if (disabledReason === undefined) return button
  return (
    <span className={styles.wrap}>
      {button}
      <span role="tooltip" id={reasonId} className={styles.reason}>
        {disabledReason}
      </span>
    </span>
  )
}
