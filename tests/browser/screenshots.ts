import type { Page } from '@playwright/test'
import { join } from 'node:path'

const target = process.env['CARGO_TARGET_DIR'] ?? join(import.meta.dirname, '../../target')

/** Leaves a picture in `target/screenshots` for a person to look at. */
export async function picture(page: Page, name: string) {
  await page.screenshot({ path: join(target, 'screenshots', `${name}.png`), fullPage: true })
}

/** The same page in both colours. */
export async function pictures(page: Page, name: string) {
  for (const colours of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme: colours })
    await picture(page, `${name}-${colours}`)
  }
}
