// What somebody typed, kept in this tab over a visit to another site. Never secrets.
const prefix = 'holdfast-form-'

export function readKept(form: string): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(prefix + form) ?? '{}')
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

export function keep(form: string, values: Record<string, string>) {
  sessionStorage.setItem(prefix + form, JSON.stringify({ ...readKept(form), ...values }))
}

/** Of all forms: once what they were for is done, or somebody else may sign in. */
export function forgetKept() {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(prefix)) sessionStorage.removeItem(key)
}
