// The only place that spells paths of the console. `paths` builds them, `patterns` are what the router matches.
const part = encodeURIComponent

type Search = Record<string, string | number | boolean | undefined>

function withSearch(path: string, search: Search): string {
  const kept = Object.entries(search).filter(([, value]) => value !== undefined && value !== '')
  const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString()
  return text === '' ? path : `${path}?${text}`
}

export const patterns = {
  firstStart: '/first-start',
  signIn: '/sign-in',
  invitation: '/invitation',
  orgs: '/orgs',
  connect: '/orgs/connect',
  org: '/orgs/:orgId',
  objects: 'objects',
  object: 'objects/:object',
  errors: 'errors',
  runs: 'runs',
  run: 'runs/:runId',
  runChanges: 'runs/:runId/objects/:object',
  records: 'records',
  record: 'records/:object/:recordId',
  sql: 'sql',
  coverage: 'coverage',
  orgSettings: 'settings',
  team: '/team',
  member: '/team/:memberId',
  singleSignOn: '/single-sign-on',
  audit: '/audit',
  account: '/account',
} as const

export const paths = {
  home: () => '/',
  firstStart: () => patterns.firstStart,
  signIn: (returnTo?: string) => {
    const to = safeReturn(returnTo ?? null)
    return withSearch(patterns.signIn, { return_to: to === '/' ? undefined : to })
  },
  invitation: () => patterns.invitation,
  orgs: () => patterns.orgs,
  connect: (search: { org_id?: string; method?: string } = {}) => withSearch(patterns.connect, search),
  org: (orgId: string) => `/orgs/${part(orgId)}`,
  objects: (orgId: string, search: { word?: string; phase?: string; q?: string; sort?: string } = {}) =>
    withSearch(`${paths.org(orgId)}/objects`, search),
  object: (orgId: string, object: string) => `${paths.org(orgId)}/objects/${part(object)}`,
  errors: (orgId: string, search: { object?: string; show?: 'all' } = {}) =>
    withSearch(`${paths.org(orgId)}/errors`, search),
  runs: (orgId: string) => `${paths.org(orgId)}/runs`,
  run: (orgId: string, runId: string, search: { tab?: string } = {}) =>
    withSearch(`${paths.runs(orgId)}/${part(runId)}`, search),
  runChanges: (orgId: string, runId: string, object: string, search: { change?: string } = {}) =>
    withSearch(`${paths.run(orgId, runId)}/objects/${part(object)}`, search),
  records: (orgId: string, search: { q?: string; object?: string; deleted?: string } = {}) =>
    withSearch(`${paths.org(orgId)}/records`, search),
  record: (orgId: string, object: string, recordId: string, search: { field?: string } = {}) =>
    withSearch(`${paths.org(orgId)}/records/${part(object)}/${part(recordId)}`, search),
  sql: (orgId: string, search: { sql?: string; as_of?: string } = {}) =>
    withSearch(`${paths.org(orgId)}/sql`, search),
  coverage: (orgId: string) => `${paths.org(orgId)}/coverage`,
  orgSettings: (orgId: string, search: { tab?: string } = {}) =>
    withSearch(`${paths.org(orgId)}/settings`, search),
  team: (search: { tab?: string } = {}) => withSearch(patterns.team, search),
  member: (memberId: string) => `/team/${part(memberId)}`,
  singleSignOn: () => patterns.singleSignOn,
  audit: () => patterns.audit,
  account: (search: { tab?: string } = {}) => withSearch(patterns.account, search),
}

/** Where to go after signing in: a path of this console and nothing else, and never a page for signing in. */
export function safeReturn(asked: string | null): string {
  if (asked === null || !isPath(asked)) return paths.home()
  const url = new URL(asked, location.origin)
  const path = `${url.pathname}${url.search}`
  if (url.origin !== location.origin || !isPath(path)) return paths.home()
  return entries.includes(url.pathname) ? safeReturn(url.searchParams.get('return_to')) : path
}

/** With a second slash a host would follow. */
const isPath = (text: string) => /^\/(?![/\\])/.test(text)

/** Open to people who are not signed in; whoever is sent to sign in from there was on the way elsewhere, or nowhere. */
const entries: readonly string[] = [patterns.signIn, patterns.firstStart, patterns.invitation]
