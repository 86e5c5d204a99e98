import styles from './FilterSelect.module.css'

type Props<Value extends string> = {
  label: string
  value: Value | undefined
  onChange: (value: Value | undefined) => void
  all: string
  choices: readonly (readonly [Value, string])[]
}

/** A filter of a list: one of a few, or all. */
export function FilterSelect<Value extends string>({ label, value, onChange, all, choices }: Props<Value>) {
  return (
    <select
      aria-label={label}
      className={styles.select}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value === '' ? undefined : (event.target.value as Value))}
    >
      <option value="">{all}</option>
      {choices.map(([choice, words]) => (
        <option key={choice} value={choice}>
          {words}
        </option>
      ))}
    </select>
  )
}
