import { useQueryClient } from '@tanstack/react-query'
import { Monitor, Moon, Sun, UserRound } from 'lucide-react'
import { useSyncExternalStore } from 'react'
import { useNavigate } from 'react-router'
import { client } from '~/api/client'
import type { Me } from '~/api/types'
import { paths } from '~/paths'
import { Menu } from '~/ui/Menu'
import type { Theme } from '~/ui/theme'
import { onThemeChange, readTheme, setTheme } from '~/ui/theme'
import { forgetKept } from './keptForm'
import { useAct } from './useAct'

const themes: [Theme, string][] = [
  ['system', 'As the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
]
const icons = { system: Monitor, light: Sun, dark: Moon }

export function UserMenu({ me }: { me: Me | undefined }) {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const signOut = useAct({
    act: () => client.DELETE('/api/v1/session'),
    onDone: () => {
      queries.clear()
      forgetKept()
      void navigate(paths.signIn())
    },
  })
  return (
    <>
      <ThemeMenu />
      <Menu
        label={me?.name ?? 'Account'}
        icon={<UserRound size={16} aria-hidden />}
        items={[
          { label: 'Account', onSelect: () => void navigate(paths.account()) },
          { label: 'API documentation', onSelect: () => window.open('/api/docs', '_blank', 'noopener') },
          'rule',
          { label: 'Sign out', onSelect: () => signOut.mutate() },
        ]}
      />
    </>
  )
}

export function ThemeMenu() {
  const theme = useSyncExternalStore(onThemeChange, readTheme)
  const Icon = icons[theme]
  return (
    <Menu
      label="Colours"
      icon={<Icon size={16} aria-hidden />}
      iconOnly
      items={themes.map(([value, label]) => ({
        label,
        checked: value === theme,
        onSelect: () => setTheme(value),
      }))}
    />
  )
}
