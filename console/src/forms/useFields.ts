import { useState } from 'react'
import { ApiProblem } from '~/api/problem'
import { keep, readKept } from '~/components/keptForm'

type Keep<Fields> = { as: string; secrets?: readonly (keyof Fields)[] }

/** The texts of a form under the names that the API uses, each with the server's complaint about it. */
export function useFields<Fields extends Record<string, string>>(
  initial: Fields,
  problem: unknown,
  /** Keeps what is typed, but for secrets, until the form has done its work. */
  kept?: Keep<Fields>,
) {
  const [values, setValues] = useState(() => (kept === undefined ? initial : restored(initial, kept)))
  const set = (part: Partial<Fields>) => {
    setValues((now) => ({ ...now, ...part }))
    if (kept !== undefined) keep(kept.as, withoutSecrets(part, kept.secrets))
  }
  const bind = (name: keyof Fields & string) => ({
    name,
    value: values[name] as string,
    onChange: (event: { target: { value: string } }) =>
      set({ [name]: event.target.value } as Partial<Fields>),
    error: complaint(problem, name),
  })
  return { values, bind, set }
}

function restored<Fields extends Record<string, string>>(initial: Fields, { as, secrets }: Keep<Fields>) {
  const found = Object.entries(readKept(as)).filter(
    ([name, value]) => name in initial && typeof value === 'string' && secrets?.includes(name) !== true,
  )
  return { ...initial, ...(Object.fromEntries(found) as Partial<Fields>) }
}

const withoutSecrets = <Fields extends Record<string, string>>(
  values: Partial<Fields>,
  secrets: readonly (keyof Fields)[] = [],
) => Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.includes(name)))

function complaint(problem: unknown, name: string): string | undefined {
  if (!(problem instanceof ApiProblem) || problem.field === undefined) return undefined
  return problem.field === name || problem.field.endsWith(`.${name}`) ? problem.message : undefined
}
