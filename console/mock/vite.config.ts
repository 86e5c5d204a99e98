// Serves the console with made-up answers in place of a server: `npm run dev:mock`, or built, as `npm run preview:mock`.
import type { Connect, Plugin } from 'vite'
import { mergeConfig } from 'vite'
import base from '../vite.config'
import { answer } from './middleware'

// What the server sends with every page.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const handle: Connect.NextHandleFunction = (request, response, next) => void answer(request, response, next)

const mockApi: Plugin = {
  name: 'mock-api',
  configureServer: ({ middlewares }) => void middlewares.use(handle),
  configurePreviewServer: ({ middlewares }) => void middlewares.use(handle),
}

export default mergeConfig(base, {
  plugins: [mockApi],
  preview: { headers: { 'Content-Security-Policy': policy } },
})
