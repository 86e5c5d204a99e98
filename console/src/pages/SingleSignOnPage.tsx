import { useQuery } from '@tanstack/react-query'
import { meQuery, singleSignOnQuery } from '~/api/queries'
import { noPermission } from '~/api/rights'
import { Closed } from '~/components/Closed'
import { PageHead } from '~/components/PageHead'
import { QueryView } from '~/components/QueryView'
import { SingleSignOnForm } from '~/forms/SingleSignOnForm'
import { Panel } from '~/ui/Panel'

export default function SingleSignOnPage() {
  const { data: me } = useQuery(meQuery())
  const closed = noPermission(me, 'settings:manage')
  const settings = useQuery({ ...singleSignOnQuery(), enabled: closed === undefined })
  if (closed !== undefined) return <Closed page="Single sign-on" reason={closed} />
  return (
    <>
      <PageHead title="Single sign-on" />
      <Panel title="OpenID Connect">
        <QueryView query={settings}>{(found) => <SingleSignOnForm settings={found} />}</QueryView>
      </Panel>
    </>
  )
}
