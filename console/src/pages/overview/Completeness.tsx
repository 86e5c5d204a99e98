import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { listQuery } from '~/api/queries'
import type { AutoBackup } from '~/api/types'
import { paths } from '~/paths'
import { counted } from '~/ui/format'
import { Ago } from '~/ui/Time'

/** What is whole and what is not captured at all, in one sentence that is true of both. */
export function Completeness({ backup }: { backup: AutoBackup }) {
  const {
    org_id: org,
    last_verified_at: verified,
    objects: { stopped },
  } = backup
  const isFirst = backup.phase === 'first_backup' || backup.phase === 'waiting'
  if (isFirst && stopped === 0) return null
  return (
    <p className="soft">
      {!isFirst &&
        (verified === undefined ? (
          'Not every captured object was compared with the org yet'
        ) : (
          <>
            <Captured org={org} /> verified complete, <Ago at={verified} />
          </>
        ))}
      {!isFirst && stopped > 0 && ' · '}
      {stopped > 0 && (
        <>
          {counted(stopped, 'object')} not captured:{' '}
          <Link to={paths.objects(org, { word: 'stopped' })}>which, and why</Link> ·{' '}
          <Link to={paths.coverage(org)}>Coverage</Link>
        </>
      )}
    </p>
  )
}

function Captured({ org }: { org: string }) {
  const { data } = useInfiniteQuery(
    listQuery('/api/v1/orgs/{org_id}/objects', { org_id: org }, { phase: 'capturing_changes', limit: 1 }),
  )
  const total = data?.pages[0]?.total
  return total === undefined ? 'All captured objects' : `All ${counted(total, 'captured object')}`
}
