import { defineConfig } from '@playwright/test'
import { existsSync } from 'node:fs'

// Debian's browser, Playwright's own builds are not used; without a window it takes half the time to start.
const debians = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']
const chromium = process.env['CHROMIUM'] ?? debians.find((path) => existsSync(path))
if (chromium === undefined) throw new Error('no browser: apt-get install chromium-headless-shell, or set CHROMIUM')

const mockPort = 5199

// `mock` shows every page, in its states and colours, with made-up data; `real` lives through the console against the
// real programs. Nothing is tried twice: a flaky test is a broken one.
export default defineConfig({
  forbidOnly: true,
  retries: 0,
  workers: 2,
  fullyParallel: true,
  reporter: 'list',
  // Generous, because the machine may do other things too; nothing waits longer than it must.
  timeout: 300_000,
  expect: { timeout: 90_000 },
  use: {
    launchOptions: { executablePath: chromium, args: ['--no-sandbox'] },
    viewport: { width: 1280, height: 860 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    trace: 'off',
  },
  projects: [
    { name: 'mock', testDir: 'mock', use: { baseURL: `http://127.0.0.1:${mockPort}` } },
    { name: 'real', testDir: 'real' },
  ],
  ...(process.argv.includes('--project=mock')
    ? {
        webServer: {
          command: `npm --prefix ../../console run preview:mock -- --host 127.0.0.1 --port ${mockPort} --strictPort`,
          url: `http://127.0.0.1:${mockPort}/`,
        },
      }
    : {}),
})
