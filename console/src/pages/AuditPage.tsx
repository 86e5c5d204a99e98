import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { auditVerificationQuery, listQuery, meQuery } from '~/api/queries'
import { noPermission } from '~/api/rights'
import type { AuditEntry } from '~/api/types'
import { Closed } from '~/components/Closed'
import { FilterSelect } from '~/components/FilterSelect'
import { PageHead } from '~/components/PageHead'
import { QueryGrid } from '~/components/QueryGrid'
import { ProblemView } from '~/components/QueryView'
import { useUrl } from '~/components/useUrl'
import { Button } from '~/ui/Button'
import { Copy } from '~/ui/Copy'
import { counted } from '~/ui/format'
import type { GridColumn } from '~/ui/grid/column'
import { Blank, Notice } from '~/ui/Message'
import { Moment } from '~/ui/Time'

const columns: GridColumn<AuditEntry>[] = [
  { id: 'number', title: 'No.', width: 70, align: 'right', cell: ({ number }) => number },
  { id: 'at', title: 'When', width: 190, cell: ({ at }) => <Moment at={at} /> },
  {
    id: 'actor',
    title: 'Who',
    width: 235,
    grows: true,
    cell: ({ actor }) => <span title={actor}>{actor}</span>,
  },
  { id: 'action', title: 'What', width: 170, cell: ({ action }) => <code>{action}</code> },
  {
    id: 'target',
    title: 'To what',
    width: 150,
    grows: true,
    cell: ({ target }) => <span title={target}>{target}</span>,
  },
  {
    id: 'details',
    title: 'Details',
    width: 190,
    grows: true,
    cell: ({ details }) => <Details details={details} />,
  },
  { id: 'through', title: 'Through', width: 120, isHiddenAtFirst: true, cell: ({ through }) => through },
  { id: 'ip', title: 'Address', width: 130, isHiddenAtFirst: true, cell: ({ ip }) => ip },
  { id: 'org', title: 'Org', width: 180, isHiddenAtFirst: true, cell: ({ org_id }) => org_id },
  { id: 'hash', title: 'Hash', width: 260, isHiddenAtFirst: true, cell: ({ hash }) => <code>{hash}</code> },
]

function Details({ details }: { details: unknown }) {
  if (details === null || details === undefined) return null
  const text =
    typeof details === 'object'
      ? Object.entries(details)
          .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
          .join(', ')
      : JSON.stringify(details)
  return <span title={text}>{text}</span>
}

const actions = [
  ['session', 'Sign-ins'],
  ['member', 'Members'],
  ['invitation', 'Invitations'],
  ['rights', 'Rights'],
  ['org', 'Orgs'],
  ['auto_backup', 'Auto backup'],
  ['token', 'API tokens'],
  ['single_sign_on', 'Single sign-on'],
] as const

/** The log keeps what was done on orgs that are gone by now; a link to one of them leads to its id. */
function OrgFilter({
  value,
  onChange,
}: {
  value: string | undefined
  onChange: (value: string | undefined) => void
}) {
  const { data } = useInfiniteQuery(listQuery('/api/v1/orgs', undefined, { limit: 500 }))
  const orgs = data?.pages.flatMap(({ items }) => items) ?? []
  const choices = orgs.map(({ id, name }) => [id, name] as const)
  const isListed = value === undefined || orgs.some(({ id }) => id === value)
  return (
    <FilterSelect
      label="Org"
      all="All orgs"
      value={value}
      onChange={onChange}
      choices={isListed ? choices : [...choices, [value, value]]}
    />
  )
}

/** What was done, by whom; and the proof that nobody changed the log. */
export default function AuditPage() {
  const { data: me } = useQuery(meQuery())
  const closed = noPermission(me, 'audit:read')
  const [action, setAction] = useUrl('action')
  const [orgId, setOrgId] = useUrl('org')
  const entries = useInfiniteQuery({
    ...listQuery('/api/v1/audit_entries', undefined, {
      limit: 200,
      ...(action === undefined ? {} : { action }),
      ...(orgId === undefined ? {} : { org_id: orgId }),
    }),
    enabled: closed === undefined,
  })
  const verification = useQuery({ ...auditVerificationQuery(), enabled: false })
  if (closed !== undefined) return <Closed page="Audit log" reason={closed} />
  return (
    <>
      <PageHead title="Audit log">
        <Button
          icon={<ShieldCheck size={15} aria-hidden />}
          busy={verification.isFetching}
          onClick={() => void verification.refetch()}
        >
          Verify the log
        </Button>
      </PageHead>
      {verification.isError && <ProblemView error={verification.error} />}
      {verification.data?.is_intact === true && (
        <Notice
          tone="good"
          title={`The log is whole: ${counted(verification.data.checked, 'entry', 'entries')} checked`}
        >
          <div className="stack-tight">
            Keep this head elsewhere; with it, cutting off the end shows too.
            <Copy label="head" value={verification.data.head} />
          </div>
        </Notice>
      )}
      {verification.data?.is_intact === false && (
        <Notice tone="bad" title={`The log was changed at entry ${verification.data.first_broken ?? '?'}`}>
          {verification.data.reason}
        </Notice>
      )}
      <QueryGrid
        name="audit"
        label="Audit log"
        columns={columns}
        query={entries}
        rowId={({ number }) => String(number)}
        toolbar={
          <>
            <FilterSelect
              label="What"
              all="Everything"
              value={action}
              onChange={setAction}
              choices={actions}
            />
            <OrgFilter value={orgId} onChange={setOrgId} />
          </>
        }
        empty={<Blank title="No entry">Nothing of this kind was done.</Blank>}
      />
    </>
  )
}
