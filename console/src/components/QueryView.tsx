import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { asProblem } from '~/api/problem'
import { Button } from '~/ui/Button'
import { Blank, Skeleton } from '~/ui/Message'
import { NextStep, Told } from './NextStep'

/** An error where data would stand: what happened, what to do next, its code, and another try. */
export function ProblemView({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const problem = asProblem(error)
  const title = { 403: 'You have no right to see this', 404: 'Nothing is here, or it is not yours to see' }[
    problem.status
  ]
  const id = problem.requestId === undefined ? '' : ` · request ${problem.requestId}`
  return (
    <Blank
      alert
      title={title ?? problem.message}
      code={`${problem.code}${id}`}
      actions={retry !== undefined && <Button onClick={retry}>Try again</Button>}
    >
      {title !== undefined && (
        <>
          <Told>{problem.message}</Told>.{' '}
        </>
      )}
      <NextStep hint={problem.hint} code={problem.code} />
    </Blank>
  )
}

type Props<Data> = {
  query: UseQueryResult<Data, unknown>
  lines?: number
  /** What takes long, if it does. */
  waiting?: string
  children: (data: Data) => ReactNode
}

/** The states of one question: a skeleton, an error with another try, or the answer. */
export function QueryView<Data>({ query, lines = 6, waiting, children }: Props<Data>) {
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <ProblemView error={query.error} retry={() => void query.refetch()} />
  return <Skeleton lines={lines} words={waiting} />
}
