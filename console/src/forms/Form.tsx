import type { ReactNode } from 'react'
import { asProblem } from '~/api/problem'
import { NextStep } from '~/components/NextStep'
import type { ButtonLook } from '~/ui/Button'
import { Button } from '~/ui/Button'
import { classes } from '~/ui/classes'
import { Notice } from '~/ui/Message'
import styles from './Form.module.css'

type Props = {
  action: string
  look?: ButtonLook
  isBusy: boolean
  problem: unknown
  disabledReason?: string | undefined
  onSubmit: () => void
  children: ReactNode
  /** Stands beside the button. */
  beside?: ReactNode
}

/** Fields, the server's complaint, and one button. */
export function Form({
  action,
  look = 'primary',
  isBusy,
  problem,
  disabledReason,
  onSubmit,
  children,
  beside,
}: Props) {
  const isClosed = isBusy || disabledReason !== undefined
  return (
    <form
      className={classes('stack', styles.form)}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isClosed) onSubmit()
      }}
    >
      {children}
      {problem !== null && problem !== undefined && <FormProblem problem={problem} />}
      <div className="line">
        <Button type="submit" look={look} busy={isBusy} disabledReason={disabledReason}>
          {action}
        </Button>
        {beside}
      </div>
    </form>
  )
}

function FormProblem({ problem }: { problem: unknown }) {
  const { message, hint, code, requestId } = asProblem(problem)
  return (
    <Notice tone="bad" title={message}>
      <NextStep hint={hint} code={code} />
      <div className="soft mono">
        {code}
        {requestId !== undefined && ` · request ${requestId}`}
      </div>
    </Notice>
  )
}
