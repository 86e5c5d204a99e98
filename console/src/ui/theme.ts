// Light, dark, or as the system says; kept on this device only.
export type Theme = 'system' | 'light' | 'dark'

const key = 'holdfast-theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')
const listeners = new Set<() => void>()

export function readTheme(): Theme {
  const kept = localStorage.getItem(key)
  return kept === 'light' || kept === 'dark' ? kept : 'system'
}

export function isDark(): boolean {
  const theme = readTheme()
  return theme === 'dark' || (theme === 'system' && system.matches)
}

function apply() {
  document.documentElement.dataset['theme'] = isDark() ? 'dark' : 'light'
  for (const tell of listeners) tell()
}

export function setTheme(theme: Theme) {
  if (theme === 'system') localStorage.removeItem(key)
  else localStorage.setItem(key, theme)
  apply()
}

export function startTheme() {
  system.addEventListener('change', apply)
  apply()
}

export function onThemeChange(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
