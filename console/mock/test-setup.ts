// What jsdom lacks, and the mock server for component tests.
import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, vi } from 'vitest'
import { handlers } from './handlers'

// Generous, because the machine that builds may do other things too.
configure({ asyncUtilTimeout: 20_000 })

export const server = setupServer(...handlers)

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => {
  cleanup()
  server.resetHandlers()
  localStorage.clear()
  sessionStorage.clear()
})
afterAll(() => server.close())

// Charts draw on a canvas, which jsdom has not; their numbers are beside them as a table.
vi.mock('../src/ui/ChartCanvas', () => ({ ChartCanvas: () => null }))

// Virtual lists measure their place; here everything is a screen large.
Object.defineProperties(HTMLElement.prototype, {
  clientHeight: { get: () => 600, configurable: true },
  clientWidth: { get: () => 1200, configurable: true },
})
Range.prototype.getBoundingClientRect ??= () => new DOMRect(0, 0, 200, 20)
HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true
}
HTMLElement.prototype.scrollTo ??= () => undefined
window.matchMedia ??= () => new EventTarget() as MediaQueryList
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
}
globalThis.CSS ??= { escape: (text: string) => text } as typeof CSS
