import { Search } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useLocation, useNavigation } from 'react-router'
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
  const here = useLocation().pathname
  const there = useNavigation().location?.pathname
  const isLeaving = there !== undefined && there !== here

  // Whoever follows a link right after typing must get there: a filter set now would call them back.
  useEffect(() => {
    if (isLeaving) clearTimeout(timer)
    return () => clearTimeout(timer)
  }, [timer, isLeaving])

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
          setTimer(setTimeout(() => onChange(typed === '' ? undefined : typed), 250))
        }}
      />
    </span>
  )
}
