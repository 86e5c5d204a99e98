import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { Button } from '~/ui/Button'
import { SelectField, TextField } from '~/ui/Field'
import styles from './FindRecordsForm.module.css'

const names = ['q', 'object', 'field', 'deleted'] as const

/** What to look for; the answer follows the address. */
export function FindRecordsForm({ onAgain }: { onAgain: () => void }) {
  const [search, setSearch] = useSearchParams()
  const [values, setValues] = useState(() =>
    Object.fromEntries(names.map((name) => [name, search.get(name) ?? ''])),
  )
  const bind = (name: (typeof names)[number]) => ({
    name,
    value: values[name] ?? '',
    onChange: (event: { target: { value: string } }) => setValues({ ...values, [name]: event.target.value }),
  })
  return (
    <form
      role="search"
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        const asked = new URLSearchParams(
          Object.entries(values)
            .map(([name, value]) => [name, value.trim()] as [string, string])
            .filter(([, value]) => value !== ''),
        )
        if (asked.toString() === search.toString()) onAgain()
        else setSearch(asked)
      }}
    >
      <TextField label="Id, name or any value" type="search" {...bind('q')} />
      <TextField label="Object" placeholder="any" spellCheck={false} {...bind('object')} />
      <TextField label="Field" placeholder="any" spellCheck={false} {...bind('field')} />
      <SelectField label="Deleted records" {...bind('deleted')}>
        <option value="">included</option>
        <option value="exclude">left out</option>
        <option value="only">only these</option>
      </SelectField>
      <Button type="submit" look="primary">
        Find
      </Button>
    </form>
  )
}
