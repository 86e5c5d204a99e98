import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearchParams } from 'react-router'
import { meQuery, orgQuery, systemQuery } from '~/api/queries'
import { noPermission, noRight } from '~/api/rights'
import type { Org } from '~/api/types'
import { Closed } from '~/components/Closed'
import { PageHead } from '~/components/PageHead'
import { QueryView } from '~/components/QueryView'
import { useUrl } from '~/components/useUrl'
import { ConnectAuthUrlForm } from '~/forms/ConnectAuthUrlForm'
import { ConnectBrowserForm } from '~/forms/ConnectBrowserForm'
import { ConnectClientCredentialsForm } from '~/forms/ConnectClientCredentialsForm'
import { ConnectJwtForm } from '~/forms/ConnectJwtForm'
import type { ConnectTarget } from '~/forms/connectTarget'
import { paths } from '~/paths'
import { Choices } from '~/ui/Field'
import { Notice } from '~/ui/Message'
import { Panel } from '~/ui/Panel'
import styles from './ConnectPage.module.css'
import { PrepareSalesforce } from './PrepareSalesforce'

const methods = [
  {
    value: 'browser',
    label: 'Sign in at Salesforce',
    hint: 'As the integration user, on Salesforce’s own page. Holdfast never sees the password. Best for most.',
  },
  {
    value: 'jwt',
    label: 'With a key (JWT)',
    hint: 'No browser; a certificate in the connected app. Best for scripts.',
  },
  {
    value: 'client_credentials',
    label: 'With a consumer secret',
    hint: 'Client credentials: the connected app runs as a user that you set there.',
  },
  {
    value: 'auth_url',
    label: 'With the sf command line’s auth URL',
    hint: 'Takes over a sign-in that sf has made.',
  },
] as const
type Method = (typeof methods)[number]['value']

export default function ConnectPage() {
  const [search] = useSearchParams()
  const againId = search.get('org_id')
  const me = useQuery(meQuery())
  const again = useQuery({ ...orgQuery(againId ?? ''), enabled: againId !== null })
  if (againId === null) {
    const closed = noPermission(me.data, 'org:connect')
    if (closed !== undefined) return <Closed page="Connect an org" reason={closed} />
    return <Wizard target={{ kind: 'new' }} />
  }
  return (
    <QueryView query={again}>
      {(org) => {
        const closed = noRight(org, 'edit')
        if (closed !== undefined) return <Closed page={`Connect ${org.name} again`} reason={closed} />
        return <Wizard target={{ kind: 'again', org }} />
      }}
    </QueryView>
  )
}

function Wizard({ target }: { target: ConnectTarget }) {
  const [search] = useSearchParams()
  const [asked, setMethod] = useUrl<Method>('method')
  const navigate = useNavigate()
  const { data: system } = useQuery(systemQuery())
  const method = asked ?? 'browser'
  const onDone = (org: Org) => void navigate(`${paths.org(org.id)}?connected=1`)
  const forms: Record<Method, React.ReactNode> = {
    browser: <ConnectBrowserForm target={target} callbackUrl={system?.org_callback_url} />,
    jwt: <ConnectJwtForm target={target} onDone={onDone} />,
    client_credentials: <ConnectClientCredentialsForm target={target} onDone={onDone} />,
    auth_url: <ConnectAuthUrlForm target={target} onDone={onDone} />,
  }
  const error = search.get('error')
  return (
    <>
      <PageHead
        title={target.kind === 'new' ? 'Connect an org' : `Connect ${target.org.name} again`}
        up={
          target.kind === 'new'
            ? { to: paths.orgs(), name: 'Orgs' }
            : { to: paths.org(target.org.id), name: target.org.name }
        }
      />
      {error !== null && (
        <Notice tone="bad" title="Salesforce did not let Holdfast in">
          {search.get('message')} <span className="mono soft">{error}</span>
        </Notice>
      )}
      <div className={styles.columns}>
        <div className="stack">
          <Panel title="How should Holdfast sign in?">
            <Choices
              legend="How should Holdfast sign in?"
              legendHidden
              name="method"
              value={method}
              onChange={setMethod}
              choices={methods}
            />
          </Panel>
          <PrepareSalesforce />
        </div>
        <Panel title={methods.find(({ value }) => value === method)?.label ?? ''}>
          <div key={method}>{forms[method]}</div>
        </Panel>
      </div>
    </>
  )
}
