import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { volumeQuery } from '~/api/queries'
import type { Org } from '~/api/types'
import { QueryView } from '~/components/QueryView'
import { paths } from '~/paths'
import { bytes, count } from '~/ui/format'
import { Panel } from '~/ui/Panel'
import { Table } from '~/ui/Table'

export function LargestObjects({ org }: { org: Org }) {
  const volume = useQuery(volumeQuery(org.id))
  return (
    <Panel title="Largest objects" flush>
      <QueryView query={volume}>
        {({ largest }) => (
          <Table
            label="Largest objects"
            rows={largest.slice(0, 8)}
            rowId={({ object }) => object}
            columns={[
              {
                title: 'Object',
                cell: ({ object }) => <Link to={paths.object(org.id, object)}>{object}</Link>,
              },
              { title: 'Live records', align: 'right', cell: (row) => count(row.live_records) },
              { title: 'Versions', align: 'right', isExtra: true, cell: (row) => count(row.versions) },
              { title: 'Stored', align: 'right', cell: (row) => bytes(row.bytes) },
            ]}
          />
        )}
      </QueryView>
    </Panel>
  )
}
