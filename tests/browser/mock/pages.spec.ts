import AxeBuilder from '@axe-core/playwright'
import { expect, test } from '@playwright/test'
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
  ['connect-refused', '/orgs/connect?error=invalid_client&message=Consumer%20key%20is%20unknown', 'Consumer key is unknown'],
  ['overview-off', '/orgs/00D5g00000NewOrEAV', 'Query All Files'],
  ['overview-first-backup', '/orgs/00D5g00000FiRsTEAV', 'Objects at work'],
  ['overview-live', acme, 'Largest objects'],
  ['overview-broken', '/orgs/00D5g00000BrOkEEAV', 'can no longer sign in'],
  ['objects', `${acme}/objects`, 'Price_Rule__c'],
  ['objects-empty', `${acme}/objects?q=nothing-like-it`, 'No object matches'],
  ['object', `${acme}/objects/EmailMessage`, 'error'],
  ['object-error', `${acme}/objects/EmailMessage?entry=blk_2`, 'What to do'],
  ['object-stopped', `${acme}/objects/Price_Rule__c`, 'Its backup has stopped'],
  ['errors', `${acme}/errors?show=all`, 'being retried'],
  ['runs', `${acme}/runs`, 'completed with gaps'],
  ['run', `${acme}/runs/${run}`, 'verified'],
  ['run-changes', `${acme}/runs/${run}?tab=changes`, 'view records'],
  ['run-errors', `${acme}/runs/${run}?tab=errors`, 'object_denied'],
  ['changed-records', `${acme}/runs/${run}/objects/Account`, '0015g00000Rec00AAX'],
  ['records', `${acme}/records?q=northwind`, 'Northwind Traders 1'],
  ['records-blank', `${acme}/records`, 'as it was'],
  ['record', `${acme}/records/Account/0015g00000Rec00AAX`, 'undeleted'],
  ['record-values', `${acme}/records/Account/0015g00000Rec00AAX?tab=values`, 'AnnualRevenue'],
  ['sql', `${acme}/sql?sql=SELECT%20*%20FROM%20Account`, '1,000 rows'],
  ['sql-error', `${acme}/sql?sql=SELECT%20*%20FROM%20Nope`, 'is not in this backup'],
  ['coverage', `${acme}/coverage`, 'Secret__c'],
  ['settings', `${acme}/settings`, 'Minimum Access'],
  ['settings-budget', `${acme}/settings?tab=budget`, 'Daily API call usage limit'],
  ['settings-rights', `${acme}/settings?tab=rights`, 'Cy Roth'],
  ['team', '/team', 'Backup inbox'],
  ['team-invitations', '/team?tab=invitations', 'eli@acme.example'],
  ['member', '/team/mem_cy', 'Leave-taking'],
  ['single-sign-on', '/single-sign-on', 'Admitted domains'],
  ['audit', '/audit', 'token.created'],
  ['account', '/account', 'Profile'],
  ['account-authenticator', '/account?tab=authenticator', 'Set up an authenticator'],
  ['account-sessions', '/account?tab=sessions', 'this one'],
  ['account-tokens', '/account?tab=tokens', 'nightly-report'],
  ['missing', '/nothing/here', 'There is no such page'],
]

for (const [name, path, words] of pages) {
  for (const colours of ['light', 'dark'] as const) {
    test(`${name} is whole and reachable for everybody, ${colours}`, async ({ page }) => {
      const complaints: string[] = []
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
      page.on('pageerror', (error) => complaints.push(String(error)))
      await page.emulateMedia({ colorScheme: colours })

      await page.goto(path)
      await expect(page.getByText(words).first()).toBeVisible()
      await expect(page.locator('[role=status][aria-label^=Loading]')).toHaveCount(0)
      await picture(page, `mock/${name}-${colours}`)

      const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([])
      expect(complaints.filter((text) => !text.includes('400 (Bad Request)') && !text.includes('404'))).toEqual([])
    })
  }

  test(`${name} fits a phone`, async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(path)
    await expect(page.getByText(words).first()).toBeVisible()
    await expect(page.locator('[role=status][aria-label^=Loading]')).toHaveCount(0)
    await picture(page, `mock/${name}-phone`)

    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(tooWide).toBe(0)
  })
}
