import AxeBuilder from '@axe-core/playwright'
import { expect, type Page, test } from '@playwright/test'
import { picture } from '../screenshots'

const acme = '/orgs/00D5g00000AbCdEEAV'
const run = '019ac3f0-1000-7000-8000-000000001000'

/** Name of the picture, path, and words that show that the page has all it asked for. */
const pages: [string, string, string | RegExp][] = [
  ['first-start', '/first-start#token', 'Create the owner'],
  ['sign-in', '/sign-in', 'Sign in with Acme'],
  ['invitation', '/invitation#token', 'Join'],
  ['orgs', '/orgs', 'acme-emea'],
  ['connect', '/orgs/connect', 'Continue to Salesforce'],
  ['connect-jwt', '/orgs/connect?method=jwt', 'Private key'],
  ['connect-refused', '/orgs/connect?error=needs_reauthorisation&message=Call%20555', 'Access was denied'],
  ['overview-off', '/orgs/00D5g00000NewOrEAV', 'Query All Files'],
  ['overview-first-backup', '/orgs/00D5g00000FiRsTEAV', 'Objects at work'],
  ['overview-live', acme, 'Largest objects'],
  ['overview-broken', '/orgs/00D5g00000BrOkEEAV', 'can no longer sign in'],
  ['objects', `${acme}/objects`, 'Price_Rule__c'],
  ['objects-empty', `${acme}/objects?q=nothing-like-it`, 'No object matches'],
  ['object', `${acme}/objects/EmailMessage`, /^error$/],
  ['object-error', `${acme}/objects/EmailMessage?entry=blk_2`, 'What to do'],
  ['object-stopped', `${acme}/objects/Price_Rule__c`, 'Its backup has stopped'],
  ['errors', `${acme}/errors?show=all`, 'being retried'],
  ['errors-one', `${acme}/errors?show=all&entry=err_1`, 'What to do'],
  ['runs', `${acme}/runs`, 'completed with gaps'],
  ['run', `${acme}/runs/${run}`, 'verified'],
  ['run-changes', `${acme}/runs/${run}?tab=changes`, 'view records'],
  ['run-errors', `${acme}/runs/${run}?tab=errors`, 'no longer sees it'],
  ['changed-records', `${acme}/runs/${run}/objects/Account`, '0015g00000Rec00AAX'],
  ['records', `${acme}/records?q=northwind`, 'Northwind Traders 1'],
  ['records-blank', `${acme}/records`, 'as it was'],
  ['record', `${acme}/records/Account/0015g00000Rec00AAX`, 'undeleted'],
  ['record-values', `${acme}/records/Account/0015g00000Rec00AAX?tab=values`, 'AnnualRevenue'],
  ['sql', `${acme}/sql?sql=SELECT%20*%20FROM%20Account`, '1,000 rows'],
  ['sql-error', `${acme}/sql?sql=SELECT%20*%20FROM%20Nope`, 'is not in this backup'],
  ['coverage', `${acme}/coverage`, 'AccountHistory'],
  ['coverage-hidden', `${acme}/coverage?backup=hidden`, 'Secret__c'],
  ['settings', `${acme}/settings`, 'Minimum Access'],
  ['settings-budget', `${acme}/settings?tab=budget`, 'Daily API call usage limit'],
  ['settings-upkeep', `${acme}/settings?tab=upkeep`, 'interrupted'],
  ['settings-rights', `${acme}/settings?tab=rights`, 'Cy Roth'],
  ['team', '/team', 'Backup inbox'],
  ['team-invitations', '/team?tab=invitations', 'eli@acme.example'],
  ['member', '/team/mem_cy', 'Disable or remove'],
  ['single-sign-on', '/single-sign-on', 'Admitted domains'],
  ['audit', '/audit', 'token.created'],
  ['account', '/account', 'Profile'],
  ['account-authenticator', '/account?tab=authenticator', 'Set up an authenticator'],
  ['account-sessions', '/account?tab=sessions', 'this one'],
  ['account-tokens', '/account?tab=tokens', 'nightly-report'],
  ['missing', '/nothing/here', 'There is no such page'],
  ['state-loading', `${acme}/objects?q=slow`, 'Objects'],
  ['state-error', `${acme}/objects?q=broken`, 'the catalog did not answer'],
  ['state-no-right', '/orgs/00D5g00000BrOkEEAV/records', 'This page is closed to you'],
]

// The legacy way looks at this page alone, which has no frames, once; the other opens a second page. A long list is looked at
// in its first rows: those below are built alike, and there may be many.
const axe = (page: Page) => new AxeBuilder({ page }).setLegacyMode().exclude('[role=row]:nth-child(n+9)')

async function faults(look: AxeBuilder): Promise<string[]> {
  const { violations } = await look.analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
}

for (const [name, path, words] of pages) {
  test(`${name} is whole, in both colours and on a phone`, async ({ page }) => {
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    if (name === 'first-start') await page.route('**/sign_in_options', (route) => route.fulfill({ json: { needs_first_owner: true } }))

    await page.goto(path)
    await expect(page.getByText(words).first()).toBeVisible()
    if (name !== 'state-loading') await expect(page.locator('[role=status][aria-label^=Loading]')).toHaveCount(0)
    await page.emulateMedia({ colorScheme: 'light' })
    await picture(page, `mock/${name}-light`)
    expect(await faults(axe(page).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']))).toEqual([])
    // No column of a list, as it is built, is out of sight on a small screen of a desk.
    expect(await page.getByRole('region').evaluateAll((lists) => lists.filter((list) => list.scrollWidth > list.clientWidth).map((list) => list.ariaLabel))).toEqual([])

    await page.emulateMedia({ colorScheme: 'dark' })
    await picture(page, `mock/${name}-dark`)
    // All that the colours can change.
    expect(await faults(axe(page).withRules(['color-contrast', 'link-in-text-block']))).toEqual([])

    await page.setViewportSize({ width: 390, height: 844 })
    await picture(page, `mock/${name}-phone`)
    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(tooWide).toBe(0)

    // An answer that is meant to be an error is not a complaint; a breach of the content security policy is.
    expect(complaints.filter((text) => !/status of (4\d\d|500)/.test(text))).toEqual([])
  })
}

test('a list of 50,000 scrolls to where the server still has rows, and draws few at a time', async ({ page }) => {
  await page.goto(`${acme}/objects`)
  const list = page.getByRole('region', { name: 'Objects, scrolling' })
  await expect(page.getByRole('link', { name: 'Account', exact: true })).toBeVisible()

  for (let at = 0; at < 12; at++) {
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await expect(page.getByText('loading more')).toHaveCount(0)
  }

  expect(await list.evaluate((element) => element.scrollHeight)).toBeGreaterThan(40_000)
  expect(await page.getByRole('row').count()).toBeLessThan(90)
})

test('the whole first page can be reached and used by key', async ({ page }) => {
  await page.goto('/orgs')
  await expect(page.getByRole('link', { name: 'acme-emea' })).toBeVisible()
  await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Pause all' })).toBeFocused()
})
