import type { ReactNode } from 'react'
import { useCallback, useId } from 'react'
import styles from './Dialog.module.css'

/** A modal question. The browser keeps the focus inside, and Escape closes it. */
export function Dialog({
  title,
  onClose,
  children,
  footer,
}: {
  title: string
  onClose: () => void
  children: ReactNode
  footer?: ReactNode
}) {
  const id = useId()
  const open = useCallback((element: HTMLDialogElement | null) => {
    if (element === null) return
    const opener = document.activeElement
    if (!element.open) element.showModal()
    // Back to where the reader was, once the dialog is gone.
    return () => queueMicrotask(() => (opener as HTMLElement | null)?.focus())
  }, [])
  return (
    <dialog ref={open} className={styles.dialog} aria-labelledby={id} onClose={onClose}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
      </div>
      <div className={styles.body}>{children}</div>
      {footer !== undefined && <div className={styles.foot}>{footer}</div>}
    </dialog>
  )
}
