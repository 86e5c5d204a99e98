import { Check, Copy as CopyIcon } from 'lucide-react'
import { useState } from 'react'
import { Button } from './Button'
import styles from './Copy.module.css'

/** A value to take along, with the button that copies it. */
export function Copy({ value, label }: { value: string; label: string }) {
  const [isCopied, setCopied] = useState(false)
  return (
    <div className={styles.copy}>
      <code className={styles.value}>{value}</code>
      <Button
        icon={isCopied ? <Check size={14} aria-hidden /> : <CopyIcon size={14} aria-hidden />}
        onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}
        aria-label={isCopied ? `${label} copied` : `Copy ${label}`}
      >
        {isCopied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  )
}
