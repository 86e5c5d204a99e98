import type { QueryClient } from '@tanstack/react-query'
import { useQuery } from '@tanstack/react-query'
import type { LoaderFunctionArgs } from 'react-router'
import { Link, useParams } from 'react-router'
import { objectQuery } from '~/api/queries'
import { noRight } from '~/api/rights'
import type { ObjectStatus } from '~/api/types'
import { BlockTimeline } from '~/components/BlockTimeline'
import { LinkButton } from '~/components/LinkButton'
import { ObjectLight } from '~/components/ObjectLight'
import { NextStep, Told } from '~/components/NextStep'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryButton } from '~/components/QueryButton'
import { QueryView } from '~/components/QueryView'
import { goneFields, troubleOf } from '~/components/standing'
import { objectPhaseWord, wayWord } from '~/components/words'
import { paths } from '~/paths'
import { count, counted } from '~/ui/format'
import { Notice } from '~/ui/Message'
import { Facts } from '~/ui/Panel'
import { Ago, Moment } from '~/ui/Time'

export const prefetch = (queries: QueryClient, { params }: LoaderFunctionArgs) =>
  queries.query(objectQuery(params['orgId'] ?? '', params['object'] ?? ''))

export default function ObjectPage() {
  const { org } = useOrg()
  const { object = '' } = useParams()
  // Whatever an event was missed of, and time alone, which turns a light yellow.
  const status = useQuery({ ...objectQuery(org.id, object), refetchInterval: 5_000 })
  return (
    <>
      <PageHead
        title={object}
        place={org.name}
        up={{ to: paths.objects(org.id), name: 'Objects' }}
        aside={status.data && <Standing status={status.data} />}
      >
        <LinkButton to={paths.records(org.id, { object })} disabledReason={noRight(org, 'browse')}>
          Find records
        </LinkButton>
        <QueryButton asked={{ sql: `SELECT * FROM ${object} LIMIT 100` }}>Query</QueryButton>
      </PageHead>
      <QueryView query={status} lines={4}>
        {(found) => (
          <>
            <Trouble status={found} />
            <GoneFields status={found} />
            <Facts
              facts={[
                { name: 'Live records', value: count(found.live_records), note: remaining(found) },
                {
                  name: 'Last captured',
                  value: <Ago at={found.last_captured_at} />,
                  note: found.method && wayWord(found.method),
                },
                {
                  name: 'Last verified complete',
                  value: <Ago at={found.last_verified_at} />,
                  note: 'all Ids and counts equal the org’s',
                },
                {
                  name: 'Watermark',
                  value: <Ago at={found.watermark} />,
                  note: 'what changed later is read again each time',
                },
                { name: 'First seen', value: <Ago at={found.first_seen_at} /> },
              ]}
            />
            <BlockTimeline orgId={org.id} object={object} />
          </>
        )}
      </QueryView>
    </>
  )
}

function Standing({ status }: { status: ObjectStatus }) {
  return (
    <>
      <ObjectLight object={status} />
      {objectPhaseWord[status.phase] !== status.word && <span>{objectPhaseWord[status.phase]}</span>}
    </>
  )
}

const remaining = ({ remaining_records }: ObjectStatus) =>
  remaining_records === undefined || remaining_records === 0
    ? undefined
    : `${count(remaining_records)} remaining`

function Trouble({ status }: { status: ObjectStatus }) {
  const { failure, attempts, next_try_at, failing_since, word } = status
  const trouble = troubleOf(status)
  if (trouble === undefined) return null
  if (word === 'stopped') {
    return (
      <Notice tone="off" title="Its backup has stopped; what was captured stays readable">
        <div>
          <Told>{trouble.message}</Told>
        </div>
        <NextStep hint={trouble.hint ?? ''} code={trouble.code ?? 'permission_missing'} />
      </Notice>
    )
  }
  if (failure === undefined) return null
  return (
    <Notice tone={word === 'warning' ? 'warn' : 'busy'} title={failure.message}>
      <div>
        <NextStep hint={failure.hint} code={failure.code} />
      </div>
      <div className="soft">
        Failing since <Moment at={failing_since ?? failure.since} />, {counted(attempts, 'attempt')}
        {next_try_at !== undefined && (
          <>
            , next try <Ago at={next_try_at} />
          </>
        )}
        . <span className="mono">{failure.code}</span>
      </div>
    </Notice>
  )
}

function GoneFields({ status }: { status: ObjectStatus }) {
  const { org } = useOrg()
  const gone = goneFields(status)
  return (
    gone !== undefined && (
      <Notice tone="off" title="Not every field is captured any more; what was captured stays readable">
        <div>
          {gone}. <Link to={paths.coverage(org.id)}>See what it may not see</Link>
        </div>
      </Notice>
    )
  )
}
