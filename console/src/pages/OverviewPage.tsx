import type { QueryClient } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { LoaderFunctionArgs } from 'react-router'
import { useSearchParams } from 'react-router'
import { autoBackupQuery } from '~/api/queries'
import type { AutoBackup } from '~/api/types'
import { AutoSwitch } from '~/components/AutoSwitch'
import { BackUpNow } from '~/components/BackUpNow'
import { forgetKept } from '~/components/keptForm'
import { LinkButton } from '~/components/LinkButton'
import { NextStep } from '~/components/NextStep'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryView } from '~/components/QueryView'
import { autoWord } from '~/components/words'
import { paths } from '~/paths'
import { Light } from '~/ui/Light'
import { Notice } from '~/ui/Message'
import { Ago } from '~/ui/Time'
import { Completeness } from './overview/Completeness'
import { FirstBackup } from './overview/FirstBackup'
import { LiveView } from './overview/LiveView'
import { SetUp } from './overview/SetUp'

export const prefetch = (queries: QueryClient, { params }: LoaderFunctionArgs) =>
  queries.query(autoBackupQuery(params['orgId'] ?? ''))

/** One page for an org's whole life: set up, first backup, live; it moves on by itself. */
export default function OverviewPage() {
  const { org } = useOrg()
  const [search] = useSearchParams()
  const isJustConnected = search.get('connected') === '1'
  useEffect(() => {
    if (isJustConnected) forgetKept()
  }, [isJustConnected])
  // Events move the page on; this is for whatever an event was missed of.
  const auto = useQuery({ ...autoBackupQuery(org.id), refetchInterval: 15_000 })
  return (
    <QueryView query={auto} lines={10}>
      {(backup) => (
        <>
          <PageHead title={org.name} aside={<Standing backup={backup} />}>
            <BackUpNow org={org} />
            {backup.phase !== 'off' && <AutoSwitch org={org} backup={backup} />}
          </PageHead>
          {isJustConnected && backup.phase === 'off' && (
            <Notice tone="good" title="Connected">
              Holdfast can sign in to this org.
            </Notice>
          )}
          <Troubles backup={backup} isConnected={org.connection === 'works'} />
          {backup.phase !== 'off' && <Completeness backup={backup} />}
          {backup.phase === 'off' && <SetUp org={org} />}
          {backup.first_backup !== undefined && backup.phase !== 'off' && (
            <FirstBackup org={org} backup={backup} first={backup.first_backup} />
          )}
          {backup.first_backup === undefined && backup.phase !== 'off' && (
            <LiveView org={org} backup={backup} />
          )}
        </>
      )}
    </QueryView>
  )
}

function Standing({ backup }: { backup: AutoBackup }) {
  return (
    <>
      <Light colour={backup.light} word={autoWord(backup)} />
      {backup.state === 'files_paused' && <span>files paused</span>}
      {backup.last_captured_at !== undefined && (
        <span>
          last captured <Ago at={backup.last_captured_at} />
        </span>
      )}
    </>
  )
}

function Troubles({ backup, isConnected }: { backup: AutoBackup; isConnected: boolean }) {
  const { warning } = backup.objects
  return (
    <>
      {!backup.is_served && backup.phase !== 'off' && (
        <Notice tone="warn" title="Auto backup stands still">
          No process of Holdfast has worked on it for a while. Whoever runs the service starts it with{' '}
          <code>holdfast serve</code>.
        </Notice>
      )}
      {backup.problem !== undefined && isConnected && (
        <Notice tone="warn" title={backup.problem.message}>
          <NextStep hint={backup.problem.hint} code={backup.problem.code} />{' '}
          <span className="mono soft">{backup.problem.code}</span>
        </Notice>
      )}
      {/* That nothing runs is said above. */}
      {backup.problem === undefined && backup.reason !== undefined && backup.is_served && (
        <Notice tone={backup.light === 'yellow' ? 'warn' : 'busy'}>{backup.reason}</Notice>
      )}
      {warning > 0 && (
        <Notice
          tone="warn"
          title={`${warning} ${warning === 1 ? 'object has' : 'objects have'} failed for longer than retries could mend`}
          actions={<LinkButton to={paths.errors(backup.org_id)}>See the errors</LinkButton>}
        />
      )}
    </>
  )
}
