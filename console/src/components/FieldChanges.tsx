import type { FieldChange } from '~/api/types'
import styles from './FieldChanges.module.css'

/** Fields on one line: name, old value, new value. */
export function FieldChanges({ fields }: { fields: FieldChange[] }) {
  const shown = fields.slice(0, 6)
  return (
    <>
      {shown.map(({ field, old, new: now }) => (
        <span key={field} className={styles.field}>
          <span className={styles.name}>{field}</span>
          {old !== undefined && <del className={styles.old}>{old}</del>}
          {now !== undefined && <ins className={styles.now}>{now}</ins>}
        </span>
      ))}
      {fields.length > shown.length && <span className="soft">and {fields.length - shown.length} more</span>}
    </>
  )
}

const long = 600

/** A value in full, with its lines; a very long one scrolls in its own place. */
export function WholeValue({ field, ...value }: ValueProps & { field: string }) {
  if ((value.value?.length ?? 0) <= long) return <Value {...value} />
  return (
    <div role="region" aria-label={`Value of ${field}`} tabIndex={0} className={styles.long}>
      <Value {...value} />
    </div>
  )
}

type ValueProps = { value: string | undefined; kind?: 'old' | 'now' }

/** One value; empty is said, not left blank. */
export function Value({ value, kind }: ValueProps) {
  if (value === undefined) return <span className="soft">empty</span>
  if (kind === 'old') return <del className={styles.old}>{value}</del>
  return kind === 'now' ? <ins className={styles.now}>{value}</ins> : value
}
