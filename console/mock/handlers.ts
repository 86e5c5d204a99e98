// Answers every operation that the console uses, in the shapes of the OpenAPI document.
import { delay, http, HttpResponse } from 'msw'
import type { components } from '../src/api/schema'
import * as data from './data'

type Problem = components['schemas']['Problem']

export function problem(status: number, code: string, title: string, part: Partial<Problem> = {}) {
  const body: Problem = {
    type: `https://holdfast.invalid/errors/${code}`,
    title,
    status,
    code,
    hint: 'Try something else.',
    request_id: 'req_7Hq',
    ...part,
  }
  return HttpResponse.json(body, { status, headers: { 'content-type': 'application/problem+json' } })
}

/** A path of the API, on whatever host. */
export const at = (path: string) => `*/api/v1${path}`

function page<Item>(request: Request, all: { length: number; get: (at: number) => Item }) {
  const search = new URL(request.url).searchParams
  const limit = Number(search.get('limit') ?? 50)
  const from = Number(search.get('page') ?? 0)
  const until = Math.min(all.length, from + limit)
  const items = Array.from({ length: Math.max(0, until - from) }, (_, place) => all.get(from + place))
  return { items, ...(until < all.length ? { next_page: String(until) } : {}) }
}

const listOf = <Item>(items: Item[]) => ({
  length: items.length,
  get: (place: number) => items[place] as Item,
})
const list = (path: string, items: unknown[]) =>
  http.get(at(path), ({ request }) => HttpResponse.json(page(request, listOf(items))))
const json = (path: string, body: object) => http.get(at(path), () => HttpResponse.json(body))

const orgOf = (id: unknown) => data.orgs.find((org) => org.id === id)
const missing = () => problem(404, 'not_found', 'nothing is known under this id')

const accepted = (part: Pick<components['schemas']['WorkItem'], 'kind' | 'org_id'>) =>
  HttpResponse.json(
    {
      id: 'work-new',
      state: 'waiting',
      asked_by: data.me.name,
      asked_at: data.before(0),
      cut_off: 0,
      ...part,
    } satisfies components['schemas']['WorkItem'],
    { status: 202 },
  )

export const handlers = [
  json('/sign_in_options', {
    needs_first_owner: false,
    single_sign_on: { label: 'Sign in with Acme', start_url: '/api/v1/single_sign_on/start' },
  }),
  json('/me', data.me),
  http.patch(at('/me'), () => HttpResponse.json(data.me)),
  http.post(at('/session'), async ({ request }) => {
    const { email, password } = (await request.json()) as { email: string; password: string }
    if (password !== 'correct horse battery')
      return problem(401, 'sign_in_refused', 'e-mail address or password is wrong')
    return email.startsWith('bo')
      ? HttpResponse.json({ next: 'second_factor' })
      : HttpResponse.json({ next: 'done', me: data.me })
  }),
  http.post(at('/session/second_factor'), async ({ request }) => {
    const { code } = (await request.json()) as { code: string }
    return code === '123456'
      ? HttpResponse.json(data.me)
      : problem(401, 'code_refused', 'the code is wrong or was used', { field: 'code' })
  }),
  http.delete(at('/session'), () => new HttpResponse(null, { status: 204 })),
  http.post(at('/first_owner'), () => HttpResponse.json(data.me, { status: 201 })),
  http.post(at('/invitations/open'), () =>
    HttpResponse.json({
      email: 'eli@acme.example',
      name: 'Eli Brandt',
      role: 'member',
      invited_by: 'Ada Winter',
      expires_at: data.before(-500_000),
    }),
  ),
  http.post(at('/invitations/accept'), () => HttpResponse.json(data.me, { status: 201 })),
  http.post(at('/me/totp'), () =>
    HttpResponse.json({
      secret: 'JBSWY3DPEHPK3PXP',
      otpauth_url: 'otpauth://totp/Holdfast:ada@acme.example?secret=JBSWY3DPEHPK3PXP&issuer=Holdfast',
      qr_svg: '',
    }),
  ),
  http.put(at('/me/totp'), () =>
    HttpResponse.json({ codes: ['f3kq-91xa', 'm2pd-77tb', '8wzn-4cre', 'k0vy-6hju'] }),
  ),
  list('/me/sessions', data.sessions),
  list('/me/tokens', data.tokens),
  http.post(at('/me/tokens'), () =>
    HttpResponse.json({ token: data.tokens[0], secret: 'hf_7Yq2bN0dPzXcVmLkJh' }, { status: 201 }),
  ),
  json('/single_sign_on', data.singleSignOn),
  http.put(at('/single_sign_on'), () => HttpResponse.json(data.singleSignOn)),
  list('/members', data.members),
  http.get(at('/members/:id'), ({ params }) => {
    const member = data.members.find(({ id }) => id === params['id'])
    return member === undefined ? missing() : HttpResponse.json(member)
  }),
  list('/invitations', data.invitations),
  http.post(at('/invitations'), () =>
    HttpResponse.json(
      { invitation: data.invitations[0], link: 'https://backup.acme.example/invitation#b0a4c1e2d3' },
      { status: 201 },
    ),
  ),
  http.get(at('/audit_entries/verification'), () =>
    HttpResponse.json({ is_intact: true, checked: 4181, head: '9f2c4d0e77a1b3c5' }),
  ),
  list(
    '/audit_entries',
    Array.from({ length: 120 }, (_, place) => ({
      number: 4181 - place,
      at: data.before(place * 700),
      actor: 'Ada Winter <ada@acme.example>',
      actor_id: 'mem_ada',
      through: 'session',
      action:
        ['session.created', 'org.connected', 'auto_backup.paused', 'rights.changed', 'token.created'][
          place % 5
        ] ?? '',
      target: 'acme-production',
      ip: '192.0.2.4',
      details: { way: 'password' },
      hash: '9f2c4d0e77a1b3c5',
    })),
  ),
  json('/system', {
    version: '0.1.0',
    now: data.before(0),
    started_at: data.before(90_000),
    is_auto_backup_served: true,
    org_callback_url: 'https://backup.acme.example/api/v1/org_sign_ins/callback',
    has_sql: true,
    patience_s: 3600,
  }),
  list('/orgs', data.orgs),
  http.post(at('/orgs'), () => HttpResponse.json(data.orgs[2], { status: 201 })),
  http.put(at('/auto_backup'), () => HttpResponse.json({ org_ids: data.orgs.map(({ id }) => id) })),
  http.post(at('/org_sign_ins'), () =>
    HttpResponse.json(
      {
        authorize_url: 'https://login.salesforce.com/services/oauth2/authorize',
        redirect_uri: '',
        expires_at: data.before(-600),
      },
      { status: 201 },
    ),
  ),
  http.get(at('/orgs/:org'), ({ params }) => {
    const org = orgOf(params['org'])
    return org === undefined ? missing() : HttpResponse.json(org)
  }),
  http.get(at('/orgs/:org/auto_backup'), ({ params }) => {
    const org = orgOf(params['org'])
    return org === undefined ? missing() : HttpResponse.json(data.autoBackup(org))
  }),
  http.put(at('/orgs/:org/auto_backup'), async ({ params, request }) => {
    const org = orgOf(params['org'])
    const { state } = (await request.json()) as components['schemas']['AutoBackupChange']
    if (org === undefined) return missing()
    org.auto_backup = state
    return HttpResponse.json({
      ...data.autoBackup(org),
      state,
      phase: state === 'paused' ? 'paused' : 'capturing_changes',
    })
  }),
  json('/orgs/:org/integration_user', {
    user_id: '0055g000001AbCdEAK',
    username: 'backup@acme.example',
    name: 'Backup Integration',
    email: 'backup@acme.example',
    profile: 'Minimum Access - API Only',
    time_zone: 'Europe/Berlin',
    locale: 'de_DE',
  }),
  json('/orgs/:org/coverage', data.coverage),
  http.get(at('/orgs/:org/objects'), async ({ params, request }) => {
    // Two searches that show states of a list.
    const q = new URL(request.url).searchParams.get('q')
    if (q === 'broken') return problem(500, 'internal', 'the catalog did not answer')
    if (q === 'slow') await delay('infinite')
    return objects(String(params['org']), request)
  }),
  http.get(at('/orgs/:org/objects/:object'), ({ params }) => {
    for (let place = 0; place < 60; place++) {
      if (data.objectStatus(place).object === params['object'])
        return HttpResponse.json(data.objectStatus(place))
    }
    return missing()
  }),
  http.get(at('/orgs/:org/blocks'), ({ request }) => {
    const object = new URL(request.url).searchParams.get('object')
    const get = (place: number) => data.block(object ?? data.objectStatus(place % 7).object, place)
    return HttpResponse.json(page(request, { length: 400, get }))
  }),
  http.get(at('/orgs/:org/errors'), ({ request }) => {
    const isOpen = new URL(request.url).searchParams.get('is_open') !== 'false'
    return HttpResponse.json(
      page(request, listOf(data.errors.filter(({ resolved_at }) => !isOpen || resolved_at === undefined))),
    )
  }),
  json('/orgs/:org/volume', {
    live_records: 48_213_904,
    versions: 61_002_118,
    data_bytes: 7_420_000_000,
    files: 182_331,
    file_bytes: 912_000_000_000,
    objects: 412,
    oldest_record_at: '2009-03-01T00:00:00Z',
    first_run_at: data.before(40 * 86_400),
    newest_run_at: data.before(21),
    days: Array.from({ length: 30 }, (_, place) => ({
      day: new Date(data.now - (29 - place) * 86_400_000).toISOString().slice(0, 10),
      new: 9000 + ((place * 7919) % 8000),
      changed: 22_000 + ((place * 6007) % 30_000),
      deleted: (place * 331) % 900,
      bytes: 1,
      api_calls: 5000,
    })),
    largest: ['Task', 'EmailMessage', 'Contact', 'Opportunity'].map((object, place) => ({
      object,
      live_records: 9_000_000 / (place + 1),
      versions: 12_000_000 / (place + 1),
      bytes: 2_000_000_000 / (place + 1),
    })),
  }),
  json('/orgs/:org/api_use', {
    used: 41_233,
    allowed: 131_000,
    budget_percent: 80,
    is_budget_reached: false,
    held_free: 26_200,
    own_calls_today: 6_412,
  }),
  list('/orgs/:org/rights', data.rights),
  http.put(at('/orgs/:org/rights/:member'), () => HttpResponse.json(data.rights[2])),
  http.get(at('/orgs/:org/runs'), ({ request }) =>
    HttpResponse.json(
      page(request, { length: 900, get: (place) => (place === 0 ? data.runUnderWay : data.run(place)) }),
    ),
  ),
  http.post(at('/orgs/:org/runs'), ({ params }) =>
    accepted({ kind: 'backup', org_id: String(params['org']) }),
  ),
  http.post(at('/orgs/:org/checks'), ({ params }) =>
    accepted({ kind: 'check', org_id: String(params['org']) }),
  ),
  http.post(at('/orgs/:org/compactions'), ({ params }) =>
    accepted({ kind: 'compaction', org_id: String(params['org']) }),
  ),
  list('/orgs/:org/work_items', data.workItems),
  http.delete(at('/work_items/:work'), () => new HttpResponse(null, { status: 204 })),
  json('/runs/:run', data.run(0)),
  list('/runs/:run/objects', data.runObjects),
  list(
    '/runs/:run/changes',
    data.runObjects.map(({ object, counts }) => ({
      object,
      new: counts.new,
      changed: counts.changed,
      deleted: counts.deleted,
      undeleted: 0,
    })),
  ),
  list('/runs/:run/errors', [
    {
      object: 'Price_Rule__c',
      code: 'permission_missing',
      message:
        'the integration user no longer sees it: it was deleted, or access was taken away; what was captured stays; if it is gone indeed, back up once with `--accept-missing`',
      hint: 'grant the integration user what the message names; the next run goes on where this one stopped',
    },
  ]),
  list(
    '/runs/:run/changed_records',
    Array.from({ length: 90 }, (_, place) => ({
      id: `0015g00000Rec${String(place).padStart(2, '0')}AAX`,
      change: 'changed',
      fields: data.history.versions[1]?.fields ?? [],
    })),
  ),
  http.get(at('/orgs/:org/records'), ({ request }) =>
    HttpResponse.json({ ...page(request, listOf(data.found)), searched: 120_400, object: 'Account' }),
  ),
  json('/orgs/:org/records/:record', data.history),
  http.post(at('/orgs/:org/queries'), async ({ request }) => {
    const { sql } = (await request.json()) as { sql: string }
    if (sql.includes('Nope'))
      return problem(400, 'query_wrong', 'table `Nope` is not in this backup', {
        hint: 'The tables are listed beside the query.',
      })
    return HttpResponse.json({
      columns: [
        { name: 'Name', type: 'Utf8' },
        { name: 'Industry', type: 'Utf8' },
        { name: 'AnnualRevenue', type: 'Float64' },
      ],
      rows: Array.from({ length: 1000 }, (_, place) => [
        `Northwind Traders ${place + 1}`,
        place % 3 === 0 ? null : 'Retail',
        place * 1250.5,
      ]),
      has_more: true,
      took_ms: 84,
    })
  }),
  http.post(
    at('/orgs/:org/query_exports'),
    () => new HttpResponse('Name,Industry\nNorthwind,Retail\n', { headers: { 'content-type': 'text/csv' } }),
  ),
  list(
    '/orgs/:org/query_tables',
    ['Account', 'Contact', 'Invoice__c'].map((name) => ({
      name,
      columns: [
        { name: 'Id', type: 'Utf8' },
        { name: 'Name', type: 'Utf8' },
        { name: 'CreatedDate', type: 'Timestamp' },
      ],
    })),
  ),
]

function objects(orgId: string, request: Request) {
  const search = new URL(request.url).searchParams
  const isFirst = orgOf(orgId)?.name === 'acme-first-backup'
  const get = isFirst ? data.firstBackupObject : data.objectStatus
  const wanted = (status: ReturnType<typeof get>) =>
    (!search.has('q') || status.object.toLowerCase().includes(search.get('q')?.toLowerCase() ?? '')) &&
    (!search.has('word') || status.word === search.get('word')) &&
    (!search.has('phase') || status.phase === search.get('phase'))
  // As many as there are, though only some are looked through.
  const isWhole =
    search.get('phase') === 'capturing_changes' && !search.has('q') && !search.has('word') && !isFirst
  if (isWhole) return HttpResponse.json({ items: [get(0)], total: data.objectCount - 1 })
  const isFiltered = ['q', 'word', 'phase'].some((name) => search.has(name))
  const found = isFiltered
    ? listOf(Array.from({ length: isFirst ? 412 : 2000 }, (_, place) => get(place)).filter(wanted))
    : { length: isFirst ? 412 : data.objectCount, get }
  const turned =
    search.get('order') === 'descending'
      ? { length: found.length, get: (place: number) => found.get(found.length - 1 - place) }
      : found
  return HttpResponse.json({ ...page(request, turned), total: found.length })
}
