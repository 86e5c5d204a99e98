import { useQuery } from '@tanstack/react-query'
import { systemQuery } from '~/api/queries'
import { noRight } from '~/api/rights'
import { paths } from '~/paths'
import { LinkButton } from './LinkButton'
import { useOrg } from './OrgFrame'

type Asked = { sql?: string; as_of?: string }

/** Leads to the SQL page, in builds that have the SQL engine. */
export function QueryButton({ asked, children }: { asked: Asked; children: string }) {
  const { org } = useOrg()
  const { data: system } = useQuery(systemQuery())
  if (system?.has_sql === false) return null
  return (
    <LinkButton to={paths.sql(org.id, asked)} disabledReason={noRight(org, 'browse')}>
      {children}
    </LinkButton>
  )
}
