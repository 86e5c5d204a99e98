import { Search } from 'lucide-react'
import { useState } from 'react'
import styles from './SearchBox.module.css'

/** Filters as somebody types, a moment after the last key. */
export function SearchBox({
  label,
  value,
  onChange,
}: {
  label: string
  value: string | undefined
  onChange: (value: string | undefined) => void
}) {
  const [timer, setTimer] = useState<ReturnType<typeof setTimeout>>()
  return (
    <span className={styles.box}>
      <Search size={14} aria-hidden />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        defaultValue={value ?? ''}
        onChange={(event) => {
          const typed = event.target.value.trim()
          clearTimeout(timer)
          setTimer(setTimeout(() => onChange(typed === '' ? undefined : typed), 250))
        }}
      />
    </span>
  )
}
