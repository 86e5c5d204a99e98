import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearchParams } from 'react-router'
import { meQuery, orgQuery, systemQuery } from '~/api/queries'
import { noPermission, noRight } from '~/api/rights'
import type { Org } from '~/api/types'
import { Closed } from '~/components/Closed'
import { PageHead } from '~/components/PageHead'
import { QueryView } from '~/components/QueryView'
import type { Refusals } from '~/components/refusals'
import { refusalOf } from '~/components/refusals'
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

const refusals: Refusals = {
  needs_reauthorisation:
    'Access was denied on Salesforce’s page, or the connected app is not set up for Holdfast: look at its callback URL, its scopes “api” and “refresh_token”, and which users it admits. Then try again.',
  link_expired: 'The sign-in took too long or was used already. Begin it again.',
  already_exists: 'You signed in to another org than the one that was meant, or the name is taken already.',
  foreign_request: 'Somebody else began this sign-in. Begin it again.',
  bad_input: 'Something in the form was not accepted. Look through it, and try again.',
  not_salesforce: 'The address is not one of Salesforce. Use the My Domain address of the org.',
  org_unreachable: 'The org did not answer. Try again in a while.',
  org_busy: 'The org was too busy to answer. Try again in a while.',
  answer_unreadable: 'The org gave an answer that could not be read. Try again in a while.',
  permission_missing:
    'The integration user lacks a permission, such as “API Enabled”. Grant it, and try again.',
  request_refused: 'Salesforce refused the request. Look at the connected app, and try again.',
  api_limit_reached: 'The org has used up its API calls of the day. Try again tomorrow.',
  not_allowed: 'You have no right to connect this org. Ask an owner of the team.',
}
const otherwise =
  'The sign-in did not come to its end. Try again; if it stays so, whoever runs the service finds the reason in its log.'

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
  const code = search.get('error')
  const error = code === null ? null : refusalOf(refusals, code, otherwise)
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
          {error.words} <span className="mono soft">{error.code}</span>
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
