// How soon the built console is seen, and how much it loads before that, from a server on this machine.
import { expect, test } from '@playwright/test'
import { coldLoads, told } from '../firstLoad'

// Nothing else is at work in this process meanwhile.
test.describe.configure({ mode: 'serial' })

for (const [name, path, words] of [
  ['sign-in', '/sign-in', 'Sign in with Acme'],
  ['overview', '/orgs/00D5g00000AbCdEEAV', 'Recent changes'],
] as const) {
  test(`the first load of ${name} stays under 250 KB of JavaScript`, async ({ browser, baseURL }) => {
    const measured = await coldLoads(browser, `${baseURL}${path}`, (page) => page.getByText(words).waitFor())
    console.log(told(name, measured))
    expect(measured.gzipped).toBeGreaterThan(0)
    expect(measured.gzipped).toBeLessThan(250_000)
  })
}
