import { useState } from 'react'
import type { ReactNode } from 'react'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import { TextField } from '~/ui/Field'

type Props = {
  title: string
  /** What must be typed before the button works. */
  name?: string
  action: string
  isBusy: boolean
  onConfirm: () => void
  onClose: () => void
  children: ReactNode
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, name, action, isBusy, onConfirm, onClose, children }: Props) {
  const [typed, setTyped] = useState('')
  const reason = name !== undefined && typed !== name ? `Type “${name}” first` : undefined
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="danger" busy={isBusy} disabledReason={reason} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      <div className="stack">
        <div>{children}</div>
        {name !== undefined && (
          <TextField
            label={`Type “${name}” to confirm`}
            autoComplete="off"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
      </div>
    </Dialog>
  )
}
