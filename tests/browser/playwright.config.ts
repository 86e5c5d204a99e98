import { defineConfig } from '@playwright/test'
import { existsSync } from 'node:fs'

// Debian's browser; Playwright's own builds are not used.
const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
if (!existsSync(chromium)) throw new Error(`no browser at ${chromium}: apt-get install chromium, or set CHROMIUM`)

const mockPort = 5199

// `mock` shows every page, in its states and colours, with made-up data; `real` lives through the console against the
// real programs. Nothing is tried twice: a flaky test is a broken one.
export default defineConfig({
  forbidOnly: true,
  retries: 0,
  workers: 1,
  reporter: 'list',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    launchOptions: { executablePath: chromium, args: ['--no-sandbox'] },
    viewport: { width: 1280, height: 860 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    trace: 'off',
  },
  projects: [
    { name: 'mock', testDir: 'mock', use: { baseURL: `http://127.0.0.1:${mockPort}` } },
    // A first backup may take its time; nothing waits longer than it must.
    { name: 'real', testDir: 'real', timeout: 300_000, expect: { timeout: 90_000 } },
  ],
  ...(process.argv.includes('--project=mock')
    ? {
        webServer: {
          command: `npm --prefix ../../console run preview:mock -- --host 127.0.0.1 --port ${mockPort} --strictPort`,
          url: `http://127.0.0.1:${mockPort}/`,
          reuseExistingServer: true,
        },
      }
    : {}),
})
