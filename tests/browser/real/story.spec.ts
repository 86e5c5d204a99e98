// The life of an org in the console, as its admin lives it, against the real service and the simulated org.
import { expect, type Page, test } from '@playwright/test'
import { pictures } from '../screenshots'
import { connectByOAuth, firstStart, openObject } from './acts'
import { World } from './world'

test.describe.configure({ mode: 'serial' })

let world: World
let page: Page

test.beforeAll(async ({ browser }) => {
  world = await World.start(100)
  page = await (await browser.newContext()).newPage()
})

test.afterAll(async () => {
  await page?.context().close()
  await world?.stop()
})

const overview = () => page.getByRole('link', { name: 'Overview', exact: true }).click()

test('the first one here becomes the owner, once', async () => {
  await firstStart(page, world)
  await expect(page.getByText('No org yet')).toBeVisible()
  await pictures(page, 'real/orgs-empty')

  const other = await page.context().browser()?.newPage()
  await other?.goto(world.firstStart)
  await expect(other!.getByText('Holdfast has its owner')).toBeVisible()
  await other?.close()
})

test('an org is connected on the page of Salesforce, and Holdfast shows who it is there', async () => {
  await connectByOAuth(page, world, 'acme')

  await expect(page.getByText('admin@simorg.example').first()).toBeVisible()
  await expect(page.getByText('View All Data').first()).toBeVisible()
  await pictures(page, 'real/set-up')
})

test('one switch starts the backup, whose progress reaches its end and turns into the live view', async () => {
  await page.getByRole('button', { name: 'Switch on auto backup' }).click()

  await expect(page.getByText('First full backup').or(page.getByText('Recent changes')).first()).toBeVisible()
  await pictures(page, 'real/first-backup')
  await expect(page.getByRole('table', { name: 'Recent runs' })).toBeVisible({ timeout: 180_000 })
  await expect(page.getByText('Capturing changes').first()).toBeVisible()
  await pictures(page, 'real/live')
})

test('every object stands beside a green light and the word running', async () => {
  await page.getByRole('link', { name: 'Objects', exact: true }).click()
  const rows = page.getByRole('table', { name: 'Objects' }).getByRole('row')
  await expect(rows.filter({ hasText: 'running' }).first()).toBeVisible()
  await page.getByLabel('Status').selectOption('Warning')
  await expect(page.getByText('No object matches')).toBeVisible()
  await page.getByLabel('Status').selectOption('Any status')
  await pictures(page, 'real/objects')
})

test('a record that is made in Salesforce arrives, and so does its change, field by field', async () => {
  const id = await world.insert('Account', { Name: 'Tidewater <b>Mills</b>', Industry: 'Energy' })

  await page.getByRole('link', { name: 'Records', exact: true }).click()
  await page.getByLabel('Id, name or any value').fill('Tidewater')
  await page.getByLabel('Object', { exact: true }).fill('Account')
  const found = page.getByRole('table', { name: 'Records' }).getByRole('link', { name: id })
  await expect(async () => {
    await page.getByRole('button', { name: 'Find', exact: true }).click()
    // The search is over only when it says no longer that it goes on.
    await expect(page.getByRole('status').getByText(/records looked at$/)).toBeVisible()
    expect(await found.isVisible()).toBe(true)
  }).toPass()
  await found.click()
  await expect(page.getByRole('heading', { name: 'Tidewater <b>Mills</b>' })).toBeVisible()
  const versions = page.getByRole('list', { name: 'Versions' }).getByRole('listitem')
  await expect(versions).toHaveCount(1)

  await world.update('Account', id, { Industry: 'Shipping' })

  // Nobody reloads the page.
  await expect(versions).toHaveCount(2)
  const change = versions.first().getByRole('row', { name: /Industry/ })
  await expect(change.getByText('Energy')).toBeVisible()
  await expect(change.getByText('Shipping')).toBeVisible()
  await pictures(page, 'real/record')
})

test('SQL asks the backup', async () => {
  await page.getByRole('link', { name: 'SQL', exact: true }).click()
  const query = page.getByRole('textbox', { name: 'SQL', exact: true })
  await query.fill("SELECT Name FROM Account WHERE Name LIKE 'Tidewater%'")
  await query.press('Control+Enter')
  await expect(page.getByRole('table', { name: 'Result' }).getByText('Tidewater <b>Mills</b>')).toBeVisible()
  await pictures(page, 'real/sql')
})

test('an object that is denied stops and says why, and goes on once it is granted', async () => {
  await world.hide('Contact')
  await openObject(page, 'Contact')
  await expect(page.getByText('Its backup has stopped')).toBeVisible()
  await pictures(page, 'real/object-stopped')

  await world.show('Contact')
  // Until the org is asked again what its user may see.
  await world.letPass(1_000)
  await expect(page.getByText('Its backup has stopped')).toBeHidden()
})

test('Salesforce away for long turns lights yellow, the error is one click away, and green comes back alone', async () => {
  await world.cutOff()
  // What has been quiet for a while is looked at seldom.
  await world.letPass(600)
  await page.getByRole('link', { name: 'Errors', exact: true }).click()
  await expect(page.getByText('being retried').first()).toBeVisible()
  await expect(page.getByText('warning', { exact: true })).toHaveCount(0)

  // Longer than retries are trusted to mend it.
  await world.letPass(3_700)
  await expect(page.getByText('warning', { exact: true }).first()).toBeVisible()
  await pictures(page, 'real/errors')

  await page.getByRole('table', { name: 'Errors' }).getByRole('row').nth(1).getByRole('button').click()
  const dialog = page.getByRole('dialog', { name: /What went wrong with/ })
  await expect(dialog.getByText('What to do')).toBeVisible()
  await pictures(page, 'real/error')
  await dialog.getByRole('button', { name: 'Close' }).click()
  await expect(dialog).toBeHidden()

  await overview()
  await pictures(page, 'real/cut-off')

  await world.letBackIn()
  await world.letPass(600)
  await page.getByRole('link', { name: 'Errors', exact: true }).click()
  await expect(page.getByText('No open errors')).toBeVisible()
})

test('pausing stops all calls, and resuming goes on', async () => {
  await overview()
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await expect(page.getByText('Paused', { exact: true }).first()).toBeVisible()
  await pictures(page, 'real/paused')

  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(page.getByText('Capturing changes').first()).toBeVisible()
})

test('when Holdfast does not answer the page says so, and goes on by itself', async () => {
  await page.getByRole('link', { name: 'Objects', exact: true }).click()
  const rows = page.getByRole('table', { name: 'Objects' }).getByRole('row')
  await expect(rows.nth(1)).toBeVisible()

  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Object', exact: true }).click()
  await expect(page.getByText('Holdfast does not answer')).toBeVisible()
  await pictures(page, 'real/away')

  await page.context().setOffline(false)
  await expect(page.getByText('Holdfast does not answer')).toBeHidden()
  await expect(rows.nth(1)).toBeVisible()
})

test('every page of the org opens at its address, and is pictured', async () => {
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await page.getByRole('table', { name: 'Runs' }).getByRole('link').last().click()
  await expect(page.getByRole('heading', { name: /^Run of/ })).toBeVisible()
  const run = new URL(page.url()).pathname
  const org = run.replace(/\/runs\/.*/, '')
  const pages: [string, string][] = [
    ['overview', org],
    ['object', `${org}/objects/Account`],
    ['runs', `${org}/runs`],
    ['run', run],
    ['run-changes', `${run}?tab=changes`],
    ['run-errors', `${run}?tab=errors`],
    ['changed-records', `${run}/objects/Account`],
    ['records', `${org}/records?object=Account`],
    ['coverage', `${org}/coverage`],
    ['settings', `${org}/settings`],
    ['budget', `${org}/settings?tab=budget`],
    ['rights', `${org}/settings?tab=rights`],
    ['orgs', '/orgs'],
    ['team', '/team'],
    ['account', '/account'],
  ]
  for (const [name, path] of pages) {
    await page.goto(`${world.console}${path}`)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.locator('[role=status][aria-label^=Loading]')).toHaveCount(0)
    await expect(page.getByRole('alert')).toHaveCount(0)
    await pictures(page, `real/${name}`)
  }
})

test('the audit log holds what was done, and proves to be whole', async () => {
  await page.getByRole('link', { name: 'Audit log', exact: true }).click()
  await expect(page.getByRole('table', { name: 'Audit log' }).getByText(/auto_backup/).first()).toBeVisible()
  await page.getByRole('button', { name: 'Verify the log' }).click()
  await expect(page.getByText(/The log is whole/)).toBeVisible()
  await pictures(page, 'real/audit')
})
