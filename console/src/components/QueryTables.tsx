import { useInfiniteQuery } from '@tanstack/react-query'
import { listQuery } from '~/api/queries'
import { Button } from '~/ui/Button'
import { Panel } from '~/ui/Panel'
import { Blank } from '~/ui/Message'
import styles from './QueryTables.module.css'
import { QueryView } from './QueryView'
import { SearchBox } from './SearchBox'
import { useUrl } from './useUrl'

/** The tables that can be asked, with their columns. */
export function QueryTables({ orgId, asOf }: { orgId: string; asOf: string }) {
  const [q, setQ] = useUrl('tables')
  const tables = useInfiniteQuery(
    listQuery(
      '/api/v1/orgs/{org_id}/query_tables',
      { org_id: orgId },
      {
        limit: 50,
        ...(asOf === '' ? {} : { as_of: asOf }),
        ...(q === undefined ? {} : { q }),
      },
    ),
  )
  return (
    <Panel title="Tables" flush>
      <div className={styles.search}>
        <SearchBox label="Find a table" value={q} onChange={setQ} />
      </div>
      <QueryView query={tables}>
        {({ pages }) => {
          const found = pages.flatMap(({ items }) => items)
          if (found.length === 0) return <Blank title="No table" />
          return (
            <div className={styles.tables}>
              {found.map(({ name, columns }) => (
                <details key={name}>
                  <summary>{name}</summary>
                  <ul className={styles.columns}>
                    {columns.map((column) => (
                      <li key={column.name}>
                        {column.name} <span className="soft">{column.type}</span>
                      </li>
                    ))}
                  </ul>
                </details>
              ))}
              {tables.hasNextPage && (
                <Button
                  look="plain"
                  busy={tables.isFetchingNextPage}
                  onClick={() => void tables.fetchNextPage()}
                >
                  More tables
                </Button>
              )}
            </div>
          )
        }}
      </QueryView>
    </Panel>
  )
}
