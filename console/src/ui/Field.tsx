import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from 'react'
import { useId } from 'react'
import { classes } from './classes'
import styles from './Field.module.css'

type Labelled = { label: string; hint?: ReactNode; error?: string | undefined; labelHidden?: boolean }

function useField({ hint, error }: Pick<Labelled, 'hint' | 'error'>) {
  const id = useId()
  const described = [hint !== undefined && `${id}-hint`, error !== undefined && `${id}-error`].filter(Boolean)
  return {
    id,
    aria: {
      'aria-describedby': described.length > 0 ? described.join(' ') : undefined,
      'aria-invalid': error === undefined ? undefined : true,
    },
  }
}

function Frame({
  id,
  label,
  hint,
  error,
  labelHidden,
  children,
}: Labelled & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={labelHidden ? 'visually-hidden' : styles.label}>
        {label}
      </label>
      {children}
      {hint !== undefined && (
        <div id={`${id}-hint`} className={styles.hint}>
          {hint}
        </div>
      )}
      {error !== undefined && (
        <div id={`${id}-error`} className={styles.error}>
          {error}
        </div>
      )}
    </div>
  )
}

type TextProps = Labelled & InputHTMLAttributes<HTMLInputElement>

export function TextField({ label, hint, error, labelHidden = false, className, ...input }: TextProps) {
  const { id, aria } = useField({ hint, error })
  return (
    <Frame id={id} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <input id={id} {...aria} {...input} className={classes(styles.input, className)} />
    </Frame>
  )
}

type AreaProps = Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>

export function TextArea({ label, hint, error, labelHidden = false, className, ...input }: AreaProps) {
  const { id, aria } = useField({ hint, error })
  return (
    <Frame id={id} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <textarea id={id} {...aria} {...input} className={classes(styles.input, styles.area, className)} />
    </Frame>
  )
}

type SelectProps = Labelled & SelectHTMLAttributes<HTMLSelectElement>

export function SelectField({ label, hint, error, labelHidden = false, children, ...input }: SelectProps) {
  const { id, aria } = useField({ hint, error })
  return (
    <Frame id={id} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <select id={id} {...aria} {...input} className={styles.input}>
        {children}
      </select>
    </Frame>
  )
}

type CheckProps = { label: ReactNode; hint?: string } & InputHTMLAttributes<HTMLInputElement>

export function Checkbox({ label, hint, ...input }: CheckProps) {
  const id = useId()
  return (
    <div className={styles.check}>
      <input
        id={id}
        type="checkbox"
        {...input}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && (
          <div id={`${id}-hint`} className={styles.hint}>
            {hint}
          </div>
        )}
      </div>
    </div>
  )
}

type ChoicesProps<Value extends string> = {
  legend: string
  legendHidden?: boolean
  name: string
  value: Value
  onChange: (value: Value) => void
  choices: readonly { value: Value; label: string; hint?: string }[]
}

/** One of a few, each with a sentence that says when to take it. */
export function Choices<Value extends string>({
  legend,
  legendHidden = false,
  name,
  value,
  onChange,
  choices,
}: ChoicesProps<Value>) {
  const id = useId()
  return (
    <fieldset className={styles.choices}>
      <legend className={legendHidden ? 'visually-hidden' : styles.label}>{legend}</legend>
      {choices.map((choice) => (
        <label key={choice.value} className={styles.choice}>
          <input
            type="radio"
            name={name}
            value={choice.value}
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
            aria-describedby={choice.hint === undefined ? undefined : `${id}-${choice.value}`}
          />
          <span>{choice.label}</span>
          {choice.hint !== undefined && <small id={`${id}-${choice.value}`}>{choice.hint}</small>}
        </label>
      ))}
    </fieldset>
  )
}
