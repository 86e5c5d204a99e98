import type { RecordVersion } from '~/api/types'

export type FieldBlame = {
  field: string
  value: string | undefined
  by: string | undefined
  at: string
  times: number
}

/** Who set each field last, and when; versions come oldest first. */
export function blameOf(versions: readonly RecordVersion[]): FieldBlame[] {
  const fields = new Map<string, FieldBlame>()
  for (const version of versions) {
    // A deletion takes the record away, not its values.
    if (version.change === 'deleted') continue
    for (const { field, new: value } of version.fields) {
      const times = (fields.get(field)?.times ?? 0) + 1
      fields.set(field, {
        field,
        value,
        by: version.modified_by,
        at: version.stamp ?? version.captured_at,
        times,
      })
    }
  }
  return [...fields.values()].sort((one, other) => one.field.localeCompare(other.field))
}
