import { useId } from 'react'
import type { ReactNode } from 'react'
import { useUrl } from './useUrl'
import styles from './UrlTabs.module.css'

type Tab = { id: string; title: string; content: () => ReactNode }

/** Tabs whose choice is kept in the address; arrow keys move between them. */
export function UrlTabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const [asked, setTab] = useUrl('tab')
  const base = useId()
  const at = Math.max(
    0,
    tabs.findIndex(({ id }) => id === asked),
  )
  const select = (to: number) => {
    const tab = tabs.at(to % tabs.length)
    if (tab === undefined) return
    setTab(tab === tabs[0] ? undefined : tab.id)
    document.getElementById(`${base}-${tab.id}`)?.focus()
  }
  return (
    <div className="stack">
      <div
        role="tablist"
        aria-label={label}
        tabIndex={-1}
        className={styles.tabs}
        onKeyDown={(event) => {
          const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key]
          if (to !== undefined) select(to)
        }}
      >
        {tabs.map(({ id, title }, place) => (
          <button
            key={id}
            id={`${base}-${id}`}
            type="button"
            role="tab"
            aria-selected={place === at}
            aria-controls={place === at ? `${base}-panel` : undefined}
            tabIndex={place === at ? 0 : -1}
            className={styles.tab}
            onClick={() => select(place)}
          >
            {title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${tabs[at]?.id}`} className="stack">
        {tabs[at]?.content()}
      </div>
    </div>
  )
}
