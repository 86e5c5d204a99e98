// What a browser that was never here before must load, and how long it takes until something is seen.
import type { Browser, Page } from '@playwright/test'
import { gzipSync } from 'node:zlib'

const loads = 5

/** First contentful paint of each load in ms, in order, and the JavaScript that the page has loaded, as gzip makes it. */
export async function coldLoads(browser: Browser, address: string, isThere: (page: Page) => Promise<void>) {
  const paints: number[] = []
  let gzipped = 0
  for (let at = 0; at < loads; at++) {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(address)
    await isThere(page)
    paints.push(await page.evaluate(firstPaint))
    if (at === 0) gzipped = await scripts(page)
    await context.close()
  }
  paints.sort((one, other) => one - other)
  return { paints, median: paints[(loads - 1) / 2] ?? NaN, gzipped }
}

async function scripts(page: Page): Promise<number> {
  const resources = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
  let bytes = 0
  for (const script of resources.filter((name) => new URL(name).pathname.endsWith('.js'))) {
    bytes += gzipSync(await (await page.request.get(script)).body()).length
  }
  return bytes
}

// The browser tells of a paint a little after it.
const firstPaint = () =>
  new Promise<number>((resolve) => {
    new PerformanceObserver((list) => {
      const paint = list.getEntriesByName('first-contentful-paint')[0]
      if (paint !== undefined) resolve(paint.startTime)
    }).observe({ type: 'paint', buffered: true })
  })

/** Written to the log: how quick a machine is, is not asserted. */
export function told(name: string, { paints, median, gzipped }: Awaited<ReturnType<typeof coldLoads>>): string {
  const ms = (value: number) => `${Math.round(value)} ms`
  return `${name}: first paint ${ms(median)} (median of ${paints.map(ms).join(', ')}), JavaScript ${(gzipped / 1000).toFixed(1)} KB gzipped`
}
