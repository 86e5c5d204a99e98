import { Link } from 'react-router'
import type { AutoBackup } from '~/api/types'
import { paths } from '~/paths'
import { counted } from '~/ui/format'
import { Ago } from '~/ui/Time'

/** What is whole and what is not captured at all, in one sentence that is true of both. */
export function Completeness({ backup }: { backup: AutoBackup }) {
  const { org_id: org, last_verified_at: verified } = backup
  // While the first backup is under way its progress says more.
  const isFirst = backup.phase === 'first_backup' || backup.phase === 'waiting'
  const completeness = isFirst ? undefined : backup.completeness
  const missing = completeness?.objects_not_captured ?? backup.objects.stopped
  const fields = completeness?.fields_not_captured ?? 0
  if (completeness === undefined && missing === 0) return null
  return (
    <p className="soft">
      {completeness !== undefined && (
        <>
          {captured(completeness)}
          {verified !== undefined && (
            <>
              , <Ago at={verified} />
            </>
          )}
        </>
      )}
      {missing + fields > 0 && (
        <>
          {completeness !== undefined && ' · '}
          {missing > 0 && (
            <Link to={paths.objects(org, { word: 'stopped' })}>{counted(missing, 'object')}</Link>
          )}
          {missing > 0 && fields > 0 && ' and '}
          {fields > 0 && <Link to={paths.coverage(org)}>{counted(fields, 'field')}</Link>} not captured ·{' '}
          <Link to={paths.coverage(org)}>Coverage</Link>
        </>
      )}
    </p>
  )
}

function captured({
  objects_captured: all,
  objects_verified: verified,
}: Required<AutoBackup>['completeness']) {
  const objects = counted(all, 'captured object')
  return verified === all ? `All ${objects} verified complete` : `${verified} of ${objects} verified complete`
}
