// The life of an org in the console, as its admin lives it, against the real service and the simulated org.
import { expect, type Page, test } from '@playwright/test'
import { picture } from '../screenshots'
import { connectByOAuth, firstStart, openObject } from './acts'
import { World } from './world'

test.describe.configure({ mode: 'serial' })

let world: World
let page: Page

test.beforeAll(async ({ browser }) => {
  world = await World.start(100)
  page = await browser.newPage()
})

test.afterAll(async () => {
  await page?.close()
  await world?.stop()
})

const overview = () => page.getByRole('link', { name: 'Overview', exact: true }).click()

test('the first one here becomes the owner, once', async () => {
  await firstStart(page, world)
  await expect(page.getByText('No org yet')).toBeVisible()
  await picture(page, 'real/orgs-empty')

  const other = await page.context().browser()?.newPage()
  await other?.goto(world.firstStart)
  await expect(other!.getByText('Holdfast has its owner')).toBeVisible()
  await other?.close()
})

test('an org is connected on the page of Salesforce, and Holdfast shows who it is there', async () => {
  await connectByOAuth(page, world, 'acme')

  await expect(page.getByText('admin@simorg.example').first()).toBeVisible()
  await expect(page.getByText('View All Data').first()).toBeVisible()
  await picture(page, 'real/set-up')
})

test('one switch starts the backup, whose progress reaches its end and turns into the live view', async () => {
  await page.getByRole('button', { name: 'Switch on auto backup' }).click()

  await expect(page.getByText('First full backup').or(page.getByText('Recent changes')).first()).toBeVisible()
  await picture(page, 'real/first-backup')
  await expect(page.getByRole('table', { name: 'Recent runs' })).toBeVisible({ timeout: 180_000 })
  await expect(page.getByText('Capturing changes').first()).toBeVisible()
  await picture(page, 'real/live')
})

test('every object stands beside a green light and the word running', async () => {
  await page.getByRole('link', { name: 'Objects', exact: true }).click()
  const rows = page.getByRole('table', { name: 'Objects' }).getByRole('row')
  await expect(rows.filter({ hasText: 'running' }).first()).toBeVisible()
  await page.getByLabel('Status').selectOption('Warning')
  await expect(page.getByText('No object matches')).toBeVisible()
  await page.getByLabel('Status').selectOption('Any status')
  await picture(page, 'real/objects')
})

test('a record that is made in Salesforce arrives, and so does its change, field by field', async () => {
  const id = await world.insert('Account', { Name: 'Tidewater <b>Mills</b>', Industry: 'Energy' })

  await page.getByRole('link', { name: 'Records', exact: true }).click()
  await page.getByLabel('Id, name or any value').fill('Tidewater')
  const found = page.getByRole('table', { name: 'Records' }).getByRole('link', { name: id })
  await expect(async () => {
    await page.getByRole('button', { name: 'Find', exact: true }).click()
    await expect(found.or(page.getByText('No such record'))).toBeVisible()
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
  await picture(page, 'real/record')
})

test('SQL asks the backup', async () => {
  await page.getByRole('link', { name: 'SQL', exact: true }).click()
  const query = page.getByRole('textbox', { name: 'SQL', exact: true })
  await query.fill("SELECT Name FROM Account WHERE Name LIKE 'Tidewater%'")
  await query.press('Control+Enter')
  await expect(page.getByRole('table', { name: 'Result' }).getByText('Tidewater <b>Mills</b>')).toBeVisible()
  await picture(page, 'real/sql')
})

test('an object that is denied stops and says why, and goes on once it is granted', async () => {
  await world.hide('Contact')
  await openObject(page, 'Contact')
  await expect(page.getByText('Its backup has stopped')).toBeVisible()
  await picture(page, 'real/object-stopped')

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
  await picture(page, 'real/errors')
  await overview()
  await picture(page, 'real/cut-off')

  await world.letBackIn()
  await world.letPass(600)
  await page.getByRole('link', { name: 'Errors', exact: true }).click()
  await expect(page.getByText('No open errors')).toBeVisible()
})

test('pausing stops all calls, and resuming goes on', async () => {
  await overview()
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await expect(page.getByText('Paused', { exact: true }).first()).toBeVisible()
  await picture(page, 'real/paused')

  await page.getByRole('button', { name: 'Resume' }).click()
  await expect(page.getByText('Capturing changes').first()).toBeVisible()
})

test('the audit log holds what was done, and proves to be whole', async () => {
  await page.getByRole('link', { name: 'Audit log', exact: true }).click()
  await expect(page.getByRole('table', { name: 'Audit log' }).getByText(/auto_backup/).first()).toBeVisible()
  await page.getByRole('button', { name: 'Verify the log' }).click()
  await expect(page.getByText(/The log is whole/)).toBeVisible()
  await picture(page, 'real/audit')
})
