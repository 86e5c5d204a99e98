// How a stopped object, and what is whole, are told: the same on every page.
import { screen, waitFor, within } from '@testing-library/react'
import { http, HttpResponse } from 'msw'
import { autoBackup, errors, objectStatus, orgs, run } from '../../mock/data'
import { at } from '../../mock/handlers'
import { renderAt } from '../../mock/renderAt'
import { server } from '../../mock/test-setup'
import type { Org, OrgError } from '../api/types'

const acme = orgs[0] as Org
const page = (rest = '') => `/orgs/${acme.id}${rest}`
const why = 'the integration user no longer sees it: it was deleted, or access was taken away'
const rowOf = (table: HTMLElement, text: string) =>
  within(table).findByRole('row', { name: new RegExp(text) })

it.each([
  ['/objects?word=stopped', 'Objects'],
  ['/errors', 'Errors'],
])('says at %s that an object is stopped, and why, in the words of the service', async (rest, name) => {
  renderAt(page(rest))
  const row = await rowOf(await screen.findByRole('table', { name }), 'Price_Rule__c')

  expect(await within(row).findByText('stopped')).toBeVisible()
  expect(await within(row).findByText(why)).toBeVisible()
  expect(within(row).queryByText('being retried')).not.toBeInTheDocument()
})

it('says on the page of a stopped object why, and what to do next', async () => {
  renderAt(page('/objects/Price_Rule__c'))

  expect(await screen.findByText(why)).toBeVisible()
  expect(screen.getByText('stopped')).toBeVisible()
  expect(screen.getByRole('link', { name: 'See what it may not see' })).toHaveAttribute(
    'href',
    page('/coverage'),
  )
})

it.each([
  ['/objects', 'Objects'],
  ['/objects/Price_Rule__c', 'Price_Rule__c'],
])('names at %s the fields that are captured no more', async (rest, heading) => {
  const status = { ...objectStatus(0), gone_fields: ['Phone', 'Fax'] }
  server.use(
    http.get(at('/orgs/:org/objects'), () => HttpResponse.json({ items: [status], total: 1 })),
    http.get(at('/orgs/:org/objects/:object'), () => HttpResponse.json(status)),
  )
  renderAt(page(rest))

  expect(await screen.findByRole('heading', { name: heading })).toBeVisible()
  expect(await screen.findByText(/no longer sees 2 fields: Phone, Fax/)).toBeVisible()
})

it('does not take the trouble of the whole org for the reason of a stop', async () => {
  server.use(
    http.get(at('/orgs/:org/objects/:object'), () =>
      HttpResponse.json({
        ...objectStatus(5),
        failure: { code: 'org_unreachable', message: 'the org is away', hint: 'look at the network' },
      }),
    ),
  )
  renderAt(page('/objects/Price_Rule__c'))

  expect(await screen.findByText(why)).toBeVisible()
  expect(screen.queryByText(/look at the network/)).not.toBeInTheDocument()
})

it.each([
  ['yellow', 'warning'],
  ['green', 'being retried'],
  ['blue', 'waiting'],
  ['grey', 'paused'],
] as const)('gives an error with a %s light the word of its object', async (light, word) => {
  const error = { ...(errors[0] as OrgError), object: 'Asset', light }
  server.use(http.get(at('/orgs/:org/errors'), () => HttpResponse.json({ items: [error] })))
  renderAt(page('/errors'))

  const row = await rowOf(await screen.findByRole('table', { name: 'Errors' }), 'Asset')
  expect(within(row).getByText(word)).toBeVisible()
})

const completeness = {
  objects_captured: 212,
  objects_verified: 212,
  objects_to_come: 0,
  objects_not_captured: 3,
  fields_not_captured: 1,
  words: '',
}

it('says what is complete and what is not captured in words that are true together', async () => {
  server.use(
    http.get(at('/orgs/:org/auto_backup'), () => HttpResponse.json({ ...autoBackup(acme), completeness })),
  )
  renderAt(page())

  const sentence = await screen.findByText(/verified complete/)
  expect(sentence).toHaveTextContent(
    /^All 212 captured objects verified complete, 3 hours ago · 3 objects and 1 field not captured/,
  )
  expect(within(sentence).getByRole('link', { name: 'Coverage' })).toHaveAttribute('href', page('/coverage'))
  expect(screen.queryByText(/every object/)).not.toBeInTheDocument()
})

it('does not call all complete while some were not found equal', async () => {
  const some = { ...completeness, objects_verified: 18, objects_not_captured: 0, fields_not_captured: 0 }
  server.use(
    http.get(at('/orgs/:org/auto_backup'), () =>
      HttpResponse.json({ ...autoBackup(acme), completeness: some }),
    ),
  )
  renderAt(page())

  expect(await screen.findByText(/^18 of 212 captured objects verified complete/)).toBeVisible()
  expect(screen.queryByText(/not captured/)).not.toBeInTheDocument()
})

it('shows no command where the console has a page for it', async () => {
  server.use(
    http.get(at('/orgs/:org/errors'), () =>
      HttpResponse.json({
        items: [
          {
            id: 'err_b',
            code: 'api_budget_reached',
            message: 'the API budget is used up',
            hint: 'start again later; or raise the share with `holdfast org set --api-budget`',
            at: '2026-01-01T00:00:00Z',
            light: 'green',
          },
        ],
      }),
    ),
  )
  const { user, place } = renderAt(page('/errors'))
  const table = await screen.findByRole('table', { name: 'Errors' })
  const link = await within(table).findByRole('link', { name: 'Change the API budget' })
  expect(table).not.toHaveTextContent('holdfast org set')

  await user.click(link)

  await waitFor(() => expect(place()).toBe(page('/settings?tab=budget')))
})

it.each([
  ['/runs', 'Runs'],
  [`/runs/${run(0).id}`, 'Objects of the run'],
])('asks again at %s while a run is under way, without being told of it', async (rest, name) => {
  let asked = 0
  const grown = () => ({
    ...run(0),
    status: 'running',
    finished_at: undefined,
    counts: { ...run(0).counts, new: asked },
  })
  server.use(
    http.get(at('/runs/:run'), () => HttpResponse.json(grown())),
    http.get(at(rest === '/runs' ? '/orgs/:org/runs' : '/runs/:run/objects'), () => {
      asked += 1
      return HttpResponse.json({
        items: [
          rest === '/runs'
            ? grown()
            : { object: 'Account', live_records: 7000 + asked, counts: run(0).counts },
        ],
      })
    }),
  )
  renderAt(page(rest))
  const table = await screen.findByRole('table', { name })

  expect(await within(table).findByText(rest === '/runs' ? '2' : '7,002')).toBeVisible()
})

it('asks again for an object and its timeline while somebody looks at them', async () => {
  let asked = 0
  server.use(
    http.get(at('/orgs/:org/objects/:object'), () => {
      asked += 1
      return HttpResponse.json({ ...objectStatus(0), live_records: 7000 + asked })
    }),
  )
  renderAt(page('/objects/Account'))

  expect(await screen.findByText('7,002')).toBeVisible()
})
