import { useQuery } from '@tanstack/react-query'
import { Menu as MenuIcon } from 'lucide-react'
import { useState } from 'react'
import { Link, Outlet, useNavigation } from 'react-router'
import { meQuery } from '~/api/queries'
import { paths } from '~/paths'
import { Button } from '~/ui/Button'
import { Toasts } from '~/ui/Toasts'
import styles from './AppFrame.module.css'
import { AwayNotice } from './AwayNotice'
import { Brand } from './Brand'
import { SideNav } from './SideNav'
import { UserMenu } from './UserMenu'

/** The house: the bar on top, the ways at the side, the page. */
export function AppFrame() {
  const [isNavOpen, setNavOpen] = useState(false)
  const { data: me } = useQuery(meQuery())
  const isMoving = useNavigation().state !== 'idle'
  return (
    <div className={styles.frame}>
      <a href="#page" className={styles.skip}>
        Skip to the page
      </a>
      <header className={styles.bar}>
        <span className={styles.navButton}>
          <Button
            look="plain"
            icon={<MenuIcon size={18} aria-hidden />}
            iconOnly
            aria-expanded={isNavOpen}
            onClick={() => setNavOpen(!isNavOpen)}
          >
            Navigation
          </Button>
        </span>
        <Link to={paths.orgs()} className={styles.brand}>
          <Brand />
        </Link>
        <span className={styles.push} />
        <UserMenu me={me} />
      </header>
      {isMoving && <div className={styles.moving} role="status" aria-label="Loading the page" />}
      <div className={styles.body}>
        <nav className={styles.side} data-open={isNavOpen} aria-label="Main">
          <SideNav me={me} onMove={() => setNavOpen(false)} />
        </nav>
        <main id="page" className={styles.page} tabIndex={-1}>
          <AwayNotice />
          <Outlet />
        </main>
      </div>
      <Toasts />
    </div>
  )
}
