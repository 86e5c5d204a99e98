// Who may come in, how, and what is closed to whom, against the real service.
import { expect, type Page, test } from '@playwright/test'
import { pictures } from '../screenshots'
import { ada, connectByOAuth, firstStart, signIn, signOut } from './acts'
import { startProvider } from './provider'
import { totp } from './totp'
import { World } from './world'

test.describe.configure({ mode: 'serial' })

let world: World
let page: Page
const cy = { name: 'Cy Roth', email: 'cy@acme.example', password: 'a lantern on the pier' }

test.beforeAll(async ({ browser }) => {
  world = await World.start(40)
  page = await (await browser.newContext()).newPage()
  await firstStart(page, world)
  await connectByOAuth(page, world, 'acme')
})

test.afterAll(async () => {
  await page?.context().close()
  await world?.stop()
})

test('a member joins by invitation and finds closed what nobody gave', async ({ browser }) => {
  await page.goto(`${world.console}/team`)
  await page.getByRole('button', { name: 'Invite somebody' }).click()
  await page.getByLabel('E-mail address').fill(cy.email)
  await page.getByRole('button', { name: 'Make the invitation' }).click()
  const link = await page.getByText(/\/invitation#/).textContent()

  const theirs = await (await browser.newContext()).newPage()
  await theirs.goto(link ?? '')
  await theirs.getByLabel('Your name').fill(cy.name)
  await theirs.getByLabel('Password').fill(cy.password)
  await theirs.getByRole('button', { name: 'Join' }).click()

  await expect(theirs.getByText('No org yet')).toBeVisible()
  await expect(theirs.getByRole('button', { name: 'Connect an org' }).first()).toHaveAttribute('aria-disabled', 'true')
  for (const closed of ['Team', 'Single sign-on', 'Audit log']) {
    await theirs.getByRole('link', { name: closed }).click()
    await expect(theirs.getByText('This page is closed to you')).toBeVisible()
  }
  await pictures(theirs, 'real/closed')
  await theirs.context().close()
})

test('a right that is given opens just that', async ({ browser }) => {
  await page.goto(`${world.console}/orgs`)
  await page.getByRole('link', { name: 'acme' }).click()
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('tab', { name: 'Rights' }).click()
  await page.getByRole('row', { name: /Cy Roth/ }).getByRole('button', { name: 'Change rights' }).click()
  await page.getByLabel('View', { exact: true }).check()
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByRole('row', { name: /Cy Roth/ }).getByText('given')).toBeVisible()

  const theirs = await (await browser.newContext()).newPage()
  await signIn(theirs, world, cy)
  await theirs.getByRole('link', { name: 'acme' }).click()
  await expect(theirs.getByRole('button', { name: 'Switch on auto backup' })).toHaveAccessibleDescription(/Execute/)
  await theirs.getByRole('link', { name: /^SQL/ }).click()
  await expect(theirs.getByText('You need the right “Browse”')).toBeVisible()
  await theirs.context().close()
})

test('with an authenticator, signing in takes password and code', async () => {
  await page.goto(`${world.console}/account?tab=authenticator`)
  await page.getByLabel('Your password').fill(ada.password)
  await page.getByRole('button', { name: 'Set up an authenticator' }).click()
  const secret = (await page.locator('code').first().textContent()) ?? ''
  await expect(page.getByRole('img', { name: 'Key for the authenticator app' })).toBeVisible()
  await pictures(page, 'real/authenticator')
  await page.getByLabel('Code').fill(totp(secret))
  await page.getByRole('button', { name: 'Confirm' }).click()
  const recovery = (await page.getByRole('listitem').filter({ has: page.locator('code') }).first().textContent()) ?? ''
  await page.getByRole('button', { name: 'I have kept them' }).click()

  const otherTab = await page.context().newPage()
  await otherTab.goto(`${world.console}/audit`)
  await expect(otherTab.getByRole('table', { name: 'Audit log' })).toBeVisible()
  await signOut(page, ada.name)
  // What is asked in another tab leads to signing in, too.
  await otherTab.getByLabel('What', { exact: true }).selectOption('Members')
  await expect(otherTab.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await otherTab.close()

  await signIn(page, world, ada)
  await page.getByLabel('Code').fill('000000')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('alert')).toBeVisible()
  await page.getByLabel('Code').fill(recovery)
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByRole('heading', { name: 'Orgs' })).toBeVisible()
})

test('single sign-on lets in who is invited by domain, and gives no rights', async ({ browser }) => {
  await page.goto(`${world.console}/single-sign-on`)
  const callback = (await page.locator('code').first().textContent()) ?? ''
  const provider = await startProvider(callback)
  try {
    await page.getByLabel('Members may sign in with the identity provider').check()
    await page.getByLabel('Issuer').fill(provider.issuer)
    await page.getByLabel('Client id').fill('holdfast')
    await page.getByLabel('Client secret').fill('a client secret of some length')
    await page.getByLabel('Words on the button').fill('Sign in with Acme')
    await page.getByLabel('Admitted domains').fill('acme.example')
    await page.getByRole('button', { name: 'Check and save' }).click()
    await expect(page.getByText('Single sign-on saved')).toBeVisible()
    await pictures(page, 'real/single-sign-on')

    const theirs = await (await browser.newContext()).newPage()
    await theirs.goto(`${world.console}/team`)
    await theirs.getByRole('link', { name: 'Sign in with Acme' }).click()
    await theirs.getByPlaceholder('Enter any login').fill('eli')
    await theirs.getByPlaceholder('and password').fill('any')
    await theirs.getByRole('button', { name: 'Sign-in' }).click()
    await theirs.getByRole('button', { name: 'Continue' }).click()
    await expect(theirs.getByText('This page is closed to you')).toBeVisible()
    await theirs.context().close()
  } finally {
    await provider.stop()
  }
})
