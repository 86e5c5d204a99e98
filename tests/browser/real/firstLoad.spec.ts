// How soon the console that the service carries is seen, and how much a browser loads before that.
import { expect, test } from '@playwright/test'
import { coldLoads, told } from '../firstLoad'
import { World } from './world'

test('the first load stays under 250 KB of JavaScript', async ({ browser }) => {
  const world = await World.start(1)
  try {
    const measured = await coldLoads(browser, `${world.console}/sign-in`, (page) => page.getByLabel('Password').waitFor())
    console.log(told('sign-in', measured))
    expect(measured.gzipped).toBeGreaterThan(0)
    expect(measured.gzipped).toBeLessThan(250_000)
  } finally {
    await world.stop()
  }
})
