import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { recordQuery } from '~/api/queries'
import { noRight } from '~/api/rights'
import type { RecordHistory } from '~/api/types'
import { Closed } from '~/components/Closed'
import { useOrg } from '~/components/OrgFrame'
import { PageHead } from '~/components/PageHead'
import { QueryButton } from '~/components/QueryButton'
import { QueryView } from '~/components/QueryView'
import { RecordValues } from '~/components/RecordValues'
import { RecordVersions } from '~/components/RecordVersions'
import { UrlTabs } from '~/components/UrlTabs'
import { paths } from '~/paths'
import { counted } from '~/ui/format'
import { Badge } from '~/ui/Light'

/** One record through time: each version field by field, and who last changed each field. */
export default function RecordPage() {
  const { org } = useOrg()
  const { object = '', recordId = '' } = useParams()
  const closed = noRight(org, 'browse')
  const history = useQuery({ ...recordQuery(org.id, recordId, { object }), enabled: closed === undefined })
  if (closed !== undefined) return <Closed page={recordId} place={org.name} reason={closed} />
  return (
    <>
      <PageHead
        title={history.data?.name ?? recordId}
        place={org.name}
        up={{ to: paths.records(org.id, { object }), name: `${object} records` }}
        aside={<Standing object={object} id={recordId} history={history.data} />}
      >
        <QueryButton asked={{ sql: `SELECT * FROM ${object} WHERE Id = '${recordId}'` }}>Query</QueryButton>
      </PageHead>
      <QueryView query={history} lines={10}>
        {(found) => (
          <UrlTabs
            label="Record"
            tabs={[
              {
                id: 'versions',
                title: 'Versions',
                content: () => <RecordVersions orgId={org.id} versions={found.versions} />,
              },
              {
                id: 'values',
                title: 'Values and who set them',
                content: () => <RecordValues versions={found.versions} />,
              },
            ]}
          />
        )}
      </QueryView>
    </>
  )
}

function Standing({
  object,
  id,
  history,
}: {
  object: string
  id: string
  history: RecordHistory | undefined
}) {
  return (
    <>
      <span>{object}</span>
      <span className="mono">{id}</span>
      {history !== undefined && (
        <Badge tone={history.is_deleted ? 'bad' : 'good'}>{history.is_deleted ? 'deleted' : 'live'}</Badge>
      )}
      {history !== undefined && <span>{counted(history.versions.length, 'version')}</span>}
    </>
  )
}
