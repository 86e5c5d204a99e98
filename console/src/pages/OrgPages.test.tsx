import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { autoBackup, me, orgs, workItems } from '../../mock/data'
import { at, problem } from '../../mock/handlers'
import { renderAt } from '../../mock/renderAt'
import { server } from '../../mock/test-setup'
import type { Org } from '../api/types'

const [acme, first, fresh] = orgs as [Org, Org, Org]
const page = (org: Org, rest = '') => `/orgs/${org.id}${rest}`

it('switches auto backup on with one action', async () => {
  let asked: unknown
  server.use(
    http.put(at('/orgs/:org/auto_backup'), async ({ request }) => {
      asked = await request.json()
      return HttpResponse.json({ ...autoBackup(fresh), state: 'running', phase: 'waiting' })
    }),
  )
  const { user } = renderAt(page(fresh))

  await user.click(await screen.findByRole('button', { name: 'Switch on auto backup' }))

  expect(await screen.findByText('Auto backup is running')).toBeVisible()
  expect(asked).toEqual({ state: 'running' })
})

it('tells how far the first backup is, as a whole and per object', async () => {
  renderAt(page(first))

  expect(await screen.findByRole('progressbar', { name: 'First full backup' })).toHaveAttribute(
    'aria-valuenow',
    '36',
  )
  expect(screen.getByText('83 objects of 412 done')).toBeVisible()
  expect(await screen.findByRole('table', { name: 'Objects at work' })).toBeVisible()
})

it('shows what changes once the first backup is done', async () => {
  renderAt(page(acme))

  expect(await screen.findByRole('table', { name: 'Recent runs' })).toBeVisible()
  expect(screen.queryByRole('progressbar', { name: 'First full backup' })).not.toBeInTheDocument()
})

it('gives the reason where a right is missing, and does nothing', async () => {
  server.use(http.get(at('/orgs/:org'), () => HttpResponse.json({ ...acme, rights: ['view'] })))
  const { user } = renderAt(page(acme))

  const pause = await screen.findByRole('button', { name: 'Pause' })
  expect(pause).toHaveAttribute('aria-disabled', 'true')
  expect(pause).toHaveAccessibleDescription(/You need the right “Execute”/)
  await user.click(pause)
  expect(screen.queryByText(/Paused; no more calls/)).not.toBeInTheDocument()
})

it.each(['/records', '/sql'])('closes %s to who may not browse, and says why', async (rest) => {
  server.use(http.get(at('/orgs/:org'), () => HttpResponse.json({ ...acme, rights: ['view'] })))
  renderAt(page(acme, rest))

  expect(await screen.findByRole('heading', { name: 'This page is closed to you' })).toBeVisible()
  expect(screen.getByText(/You need the right “Browse”/)).toBeVisible()
})

it.each(['/team', '/audit', '/single-sign-on', '/orgs/connect'])('closes %s to members', async (path) => {
  server.use(http.get(at('/me'), () => HttpResponse.json({ ...me, role: 'member', permissions: [] })))
  renderAt(path)

  expect(await screen.findByRole('heading', { name: 'This page is closed to you' })).toBeVisible()
})

it('asks again after an error, and shows its code and request', async () => {
  server.use(
    http.get(at('/orgs/:org/runs'), () => problem(500, 'internal', 'the catalog did not answer'), {
      once: true,
    }),
  )
  const { user } = renderAt(page(acme, '/runs'))
  expect(await screen.findByText('internal · request req_7Hq')).toBeVisible()

  await user.click(screen.getByRole('button', { name: 'Try again' }))

  expect(await screen.findByText('completed with gaps')).toBeVisible()
})

it('tells a run that somebody stopped from one that was interrupted', async () => {
  renderAt(page(acme, '/runs'))

  expect(await screen.findByText('cancelled')).toBeVisible()
  expect(screen.getByText('interrupted')).toBeVisible()
})

it('keeps search, filter and order of the objects in the address', async () => {
  const { user, place } = renderAt(page(acme, '/objects'))
  await user.selectOptions(await screen.findByLabelText('Status'), 'Stopped')
  await user.click(screen.getByRole('button', { name: 'Records' }))
  await user.type(screen.getByRole('searchbox', { name: 'Find an object' }), 'price')

  expect(await screen.findByRole('link', { name: 'Price_Rule__c' })).toBeVisible()
  await waitFor(() => expect(place()).toBe(page(acme, '/objects?word=stopped&sort=live_records&q=price')))
})

it('shows what was done on the org that is chosen by its name', async () => {
  let asked: unknown
  server.use(
    http.get(at('/audit_entries'), ({ request }) => {
      asked = new URL(request.url).searchParams.get('org_id')
      return HttpResponse.json({ items: [] })
    }),
  )
  const { user, place } = renderAt('/audit')
  await screen.findByRole('option', { name: acme.name })

  await user.selectOptions(screen.getByLabelText('Org'), acme.name)

  await waitFor(() => expect(asked).toBe(acme.id))
  expect(place()).toBe(`/audit?org=${acme.id}`)
})

it('has an error link at failed entries of a timeline and at no others', async () => {
  const { user } = renderAt(page(acme, '/objects/EmailMessage'))
  const timeline = await screen.findByRole('table', { name: 'Backup timeline' })
  const links = await within(timeline).findAllByRole('button', { name: 'error' })
  expect(links).toHaveLength(1)

  await user.click(links[0] as HTMLElement)

  const dialog = await screen.findByRole('dialog')
  expect(dialog).toHaveTextContent('TotalRequests Limit exceeded')
  expect(dialog).toHaveTextContent('api_limit_reached')
})

it('shows what records hold as text, never as markup', async () => {
  renderAt(page(acme, '/records/Account/0015g00000Rec00AAX'))

  expect(await screen.findByText(/<img src=x onerror=alert\(1\)>/)).toBeVisible()
  expect(document.querySelector('img')).toBeNull()
})

it('connects with a key, and goes on to the new org', async () => {
  let asked: unknown
  server.use(
    http.post(at('/orgs'), async ({ request }) => {
      asked = await request.json()
      return HttpResponse.json(fresh, { status: 201 })
    }),
  )
  const { user, place } = renderAt('/orgs/connect?method=jwt')
  await user.type(await screen.findByLabelText('Name in Holdfast'), 'acme-new')
  await user.selectOptions(screen.getByLabelText('Which org is it?'), 'My Domain or another address')
  await user.type(screen.getByLabelText('My Domain'), 'acme.my.salesforce.com/')
  await user.type(screen.getByLabelText('Consumer key of your connected app'), '3MVG9')
  await user.type(screen.getByLabelText('Username of the integration user'), 'backup@acme.example')
  await user.type(screen.getByLabelText('Private key (PEM)'), 'PEM')
  await user.click(screen.getByRole('button', { name: 'Connect' }))

  await waitFor(() => expect(place()).toBe(`/orgs/${fresh.id}?connected=1`))
  expect(asked).toEqual({
    name: 'acme-new',
    credentials: {
      method: 'jwt_bearer',
      login_url: 'https://acme.my.salesforce.com',
      client_id: '3MVG9',
      username: 'backup@acme.example',
      private_key: 'PEM',
    },
  })
})

it('asks for a backup now, and says when it begins', async () => {
  let asked: unknown
  server.use(
    http.post(at('/orgs/:org/runs'), async ({ request }) => {
      asked = await request.json()
      return HttpResponse.json({ ...workItems[0], state: 'waiting' }, { status: 202 })
    }),
  )
  const { user } = renderAt(page(acme))

  await user.click(await screen.findByRole('button', { name: 'Back up now' }))

  expect(await screen.findByText(/begins as soon as no other run/)).toBeVisible()
  expect(asked).toEqual({})
})

it('asks for a check that reads every byte, and shows what came of earlier ones', async () => {
  let asked: unknown
  server.use(
    http.post(at('/orgs/:org/checks'), async ({ request }) => {
      asked = await request.json()
      return HttpResponse.json(workItems[1], { status: 202 })
    }),
  )
  const { user } = renderAt(page(acme, '/settings?tab=upkeep'))
  const table = await screen.findByRole('table', { name: 'Work items' })
  expect(within(table).getByText('211 of 412 tables, Opportunity')).toBeVisible()
  expect(within(table).getByText(/^damaged in 1 place: .*part-1.parquet: it is missing/)).toBeVisible()
  expect(within(table).getByRole('link', { name: 'completed with gaps' })).toBeVisible()
  expect(within(table).getAllByRole('button', { name: 'Cancel' })).toHaveLength(2)

  await user.click(screen.getByRole('checkbox', { name: 'Read every byte' }))
  await user.click(screen.getByRole('button', { name: 'Check now' }))

  expect(await screen.findByText('A check of this org is under way already')).toBeVisible()
  expect(asked).toEqual({ read_data: true })
})

it('says why a backup failed, beside its run, and shows older work items', async () => {
  const failed = {
    ...workItems[2],
    id: 'failed',
    state: 'failed',
    run_status: undefined,
    failure: { code: 'lake_full', message: 'the disk is full', hint: 'Free some space.' },
  }
  const old = { ...workItems[5], id: 'old' }
  server.use(
    http.get(at('/orgs/:org/work_items'), ({ request }) =>
      HttpResponse.json(
        new URL(request.url).searchParams.has('page')
          ? { items: [old] }
          : { items: [failed], next_page: '2' },
      ),
    ),
  )
  const { user } = renderAt(page(acme, '/settings?tab=upkeep'))
  const table = await screen.findByRole('table', { name: 'Work items' })
  expect(within(table).getByText(/^the disk is full/)).toBeVisible()
  expect(within(table).getByRole('link', { name: 'its run' })).toBeVisible()

  await user.click(screen.getByRole('button', { name: 'Older ones' }))

  expect(await screen.findByText('Bo Sand cancelled it')).toBeVisible()
  expect(screen.getByText('cancelled')).toBeVisible()
  expect(screen.queryByRole('button', { name: 'Older ones' })).not.toBeInTheDocument()
})
