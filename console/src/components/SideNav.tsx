import { useQuery } from '@tanstack/react-query'
import {
  Activity,
  AlertTriangle,
  Boxes,
  Building2,
  Database,
  Eye,
  History,
  KeyRound,
  Lock,
  ScrollText,
  Search,
  Settings,
  Users,
} from 'lucide-react'
import type { ComponentType } from 'react'
import { NavLink, useMatch } from 'react-router'
import { orgQuery, systemQuery } from '~/api/queries'
import { noPermission, noRight } from '~/api/rights'
import type { Me } from '~/api/types'
import { paths, patterns } from '~/paths'
import { classes } from '~/ui/classes'
import { timeZone } from '~/ui/format'
import styles from './SideNav.module.css'

type Way = {
  to: string
  name: string
  icon: ComponentType<{ size: number; 'aria-hidden': true }>
  end?: boolean
  closed?: string | undefined
}

export function SideNav({ me, onMove }: { me: Me | undefined; onMove: () => void }) {
  const match = useMatch(`${patterns.org}/*`)
  const orgId = match?.params.orgId
  const team: Way[] = [
    { to: paths.orgs(), name: 'Orgs', icon: Building2, end: true },
    { to: paths.team(), name: 'Team', icon: Users, closed: noPermission(me, 'team:manage') },
    {
      to: paths.singleSignOn(),
      name: 'Single sign-on',
      icon: KeyRound,
      closed: noPermission(me, 'settings:manage'),
    },
    { to: paths.audit(), name: 'Audit log', icon: ScrollText, closed: noPermission(me, 'audit:read') },
  ]
  return (
    <>
      {orgId !== undefined && orgId !== 'connect' && <OrgWays orgId={orgId} onMove={onMove} />}
      <Ways title="Holdfast" ways={team} onMove={onMove} />
      <p className={styles.zone}>Times are in {timeZone}</p>
    </>
  )
}

function OrgWays({ orgId, onMove }: { orgId: string; onMove: () => void }) {
  const { data: org } = useQuery(orgQuery(orgId))
  const { data: system } = useQuery(systemQuery())
  const cannotBrowse = noRight(org, 'browse')
  const ways: Way[] = [
    { to: paths.org(orgId), name: 'Overview', icon: Activity, end: true },
    { to: paths.objects(orgId), name: 'Objects', icon: Boxes },
    { to: paths.errors(orgId), name: 'Errors', icon: AlertTriangle },
    { to: paths.runs(orgId), name: 'Runs', icon: History },
    { to: paths.records(orgId), name: 'Records', icon: Search, closed: cannotBrowse },
    ...(system?.has_sql === false
      ? []
      : [{ to: paths.sql(orgId), name: 'SQL', icon: Database, closed: cannotBrowse }]),
    { to: paths.coverage(orgId), name: 'Coverage', icon: Eye },
    { to: paths.orgSettings(orgId), name: 'Settings', icon: Settings },
  ]
  return <Ways title={org?.name ?? 'Org'} ways={ways} onMove={onMove} />
}

function Ways({ title, ways, onMove }: { title: string; ways: Way[]; onMove: () => void }) {
  return (
    <div className={styles.group}>
      <div className={styles.title}>{title}</div>
      <ul className={styles.list}>
        {ways.map(({ to, name, icon: Icon, end, closed }) => (
          <li key={to}>
            <NavLink
              to={to}
              end={end ?? false}
              className={classes(styles.way)}
              onClick={onMove}
              title={closed}
            >
              <Icon size={15} aria-hidden />
              {name}
              {closed !== undefined && (
                <span className={styles.closed}>
                  <Lock size={12} aria-hidden />
                  <span className="visually-hidden">closed to you</span>
                </span>
              )}
            </NavLink>
          </li>
        ))}
      </ul>
    </div>
  )
}
