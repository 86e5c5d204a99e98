import type { ReactNode } from 'react'
import { Button } from '~/ui/Button'
import { Dialog } from '~/ui/Dialog'
import type { Fact } from '~/ui/Panel'
import { Details } from '~/ui/Panel'
import { Moment } from '~/ui/Time'
import { NextStep, Told } from './NextStep'

type Props = {
  /** What it happened to. */
  of: string
  at: string | undefined
  failure: { message: string; hint: string; code: string }
  more?: Fact[]
  actions?: ReactNode
  onClose: () => void
}

/** One error in full. */
export function ErrorDialog({ of, at, failure, more = [], actions, onClose }: Props) {
  return (
    <Dialog
      title={`What went wrong with ${of}`}
      onClose={onClose}
      footer={
        <>
          {actions}
          <Button onClick={onClose}>Close</Button>
        </>
      }
    >
      <Details
        facts={[
          { name: 'When', value: <Moment at={at} /> },
          { name: 'What', value: <Told>{failure.message}</Told> },
          { name: 'What to do', value: <NextStep hint={failure.hint} code={failure.code} /> },
          ...more,
          { name: 'Code', value: <code>{failure.code}</code> },
        ]}
      />
    </Dialog>
  )
}
