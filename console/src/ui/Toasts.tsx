import { X } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { Button } from './Button'
import { classes } from './classes'
import { dismiss, toastStore } from './toasts'
import styles from './Toasts.module.css'

export function Toasts() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.read)
  return (
    <div className={styles.toasts} role="status" aria-live="polite">
      {toasts.map((toast) => (
        <div key={toast.id} className={classes(styles.toast, toast.tone === 'bad' && styles.bad)}>
          <span>{toast.text}</span>
          <Button look="plain" icon={<X size={14} aria-hidden />} iconOnly onClick={() => dismiss(toast.id)}>
            Dismiss
          </Button>
        </div>
      ))}
    </div>
  )
}
