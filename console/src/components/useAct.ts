import type { QueryKey } from '@tanstack/react-query'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { asProblem } from '~/api/problem'
import { say } from '~/ui/toasts'
import { plainly } from './hints'

type Act<Input, Output> = {
  /** What is done, through the client. */
  act: (input: Input) => Promise<{ data?: Output }>
  /** Paths of the API whose answers it changes. */
  changes?: readonly string[]
  done?: string | ((output: Output, input: Input) => string)
  onDone?: (output: Output, input: Input) => void
  /** Forms show the problem themselves. */
  isShownByForm?: boolean
}

/** Something a person does: tells when it is done, tells why if it is not, and has what it changed asked again. */
export function useAct<Input = void, Output = unknown>(what: Act<Input, Output>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (input: Input) => (await what.act(input)).data as Output,
    onSuccess: (output, input) => {
      if (what.changes !== undefined) void queries.invalidateQueries({ predicate: touches(what.changes) })
      if (what.done !== undefined) say(typeof what.done === 'string' ? what.done : what.done(output, input))
      what.onDone?.(output, input)
    },
    onError: (error) => {
      if (what.isShownByForm) return
      const problem = asProblem(error)
      say(`${problem.message}. ${plainly(problem.hint, problem.code)}`, 'bad')
    },
  })
}

const touches =
  (changed: readonly string[]) =>
  ({ queryKey }: { queryKey: QueryKey }) =>
    changed.some((path) => String(queryKey[1]) === path)
