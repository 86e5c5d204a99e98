import { ChevronDown } from 'lucide-react'
import type { KeyboardEvent, ReactNode, RefObject } from 'react'
import { useCallback, useId, useRef, useState } from 'react'
import { Button } from './Button'
import styles from './Menu.module.css'

export type MenuItem =
  | {
      label: string
      onSelect: () => void
      icon?: ReactNode
      disabledReason?: string | undefined
      checked?: boolean
    }
  | 'rule'

type Props = {
  label: string
  items: MenuItem[]
  icon?: ReactNode
  iconOnly?: boolean
  className?: string | undefined
}

/** A button that opens a list of actions; arrow keys move in it, Escape and Tab leave it. */
export function Menu({ label, items, icon, iconOnly, className }: Props) {
  const [place, setPlace] = useState<{ top: number; left: number }>()
  const id = useId()
  const trigger = useRef<HTMLSpanElement>(null)

  const close = () => {
    setPlace(undefined)
    trigger.current?.querySelector('button')?.focus()
  }
  const open = () => {
    const box = trigger.current?.getBoundingClientRect()
    setPlace({ top: box?.bottom ?? 0, left: box?.left ?? 0 })
  }
  return (
    <span ref={trigger} className={styles.wrap}>
      <Button
        look={iconOnly ? 'plain' : 'normal'}
        icon={icon}
        iconOnly={iconOnly ?? false}
        className={className}
        aria-haspopup="menu"
        aria-expanded={place !== undefined}
        aria-controls={place === undefined ? undefined : id}
        onClick={() => (place === undefined ? open() : close())}
      >
        <span className={styles.label}>{label}</span>
        {iconOnly !== true && <ChevronDown size={14} aria-hidden />}
      </Button>
      {place !== undefined && (
        <Items id={id} label={label} items={items} place={place} close={close} trigger={trigger} />
      )}
    </span>
  )
}

function Items({
  id,
  label,
  items,
  place,
  close,
  trigger,
}: {
  id: string
  label: string
  items: MenuItem[]
  place: { top: number; left: number }
  close: () => void
  trigger: RefObject<HTMLSpanElement | null>
}) {
  const fit = useCallback(
    (menu: HTMLDivElement | null) => {
      if (menu === null) return
      const left = Math.max(8, Math.min(place.left, window.innerWidth - menu.offsetWidth - 8))
      const top = Math.max(8, Math.min(place.top + 4, window.innerHeight - menu.offsetHeight - 8))
      menu.style.left = `${left}px`
      menu.style.top = `${top}px`
      menu.querySelector<HTMLElement>('[role^=menuitem]')?.focus()
    },
    [place],
  )
  return (
    <div
      ref={fit}
      id={id}
      role="menu"
      aria-label={label}
      tabIndex={-1}
      className={styles.menu}
      onKeyDown={(event) => onMenuKey(event, close)}
      onBlur={(event) => {
        // A click on the button closes by itself.
        const isInside = [event.currentTarget, trigger.current].some((part) =>
          part?.contains(event.relatedTarget),
        )
        if (!isInside) close()
      }}
    >
      {items.map((item, place) =>
        item === 'rule' ? (
          <div key={place} role="separator" className={styles.rule} />
        ) : (
          <button
            key={item.label}
            type="button"
            role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
            aria-checked={item.checked}
            aria-disabled={item.disabledReason !== undefined || undefined}
            title={item.disabledReason}
            tabIndex={-1}
            className={styles.item}
            onClick={() => {
              if (item.disabledReason !== undefined) return
              close()
              item.onSelect()
            }}
          >
            {item.icon}
            {item.label}
            {item.checked === true && <span aria-hidden="true">✓</span>}
          </button>
        ),
      )}
    </div>
  )
}

function onMenuKey(event: KeyboardEvent<HTMLDivElement>, close: () => void) {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role^=menuitem]')]
  const at = items.indexOf(document.activeElement as HTMLElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key]
  if (to !== undefined) {
    event.preventDefault()
    items.at(to % items.length)?.focus()
  } else if (event.key === 'Escape' || event.key === 'Tab') {
    event.preventDefault()
    event.stopPropagation()
    close()
  }
}
