import { useState } from 'react'
import { ApiProblem } from '~/api/problem'

/** The texts of a form under the names that the API uses, each with the server's complaint about it. */
export function useFields<Fields extends Record<string, string>>(initial: Fields, problem: unknown) {
  const [values, setValues] = useState(initial)
  const bind = (name: keyof Fields & string) => ({
    name,
    value: values[name] as string,
    onChange: (event: { target: { value: string } }) =>
      setValues((now) => ({ ...now, [name]: event.target.value })),
    error: complaint(problem, name),
  })
  return { values, bind, set: (part: Partial<Fields>) => setValues((now) => ({ ...now, ...part })) }
}

function complaint(problem: unknown, name: string): string | undefined {
  if (!(problem instanceof ApiProblem) || problem.field === undefined) return undefined
  return problem.field === name || problem.field.endsWith(`.${name}`) ? problem.message : undefined
}
