import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

// Where `npm run dev` finds the real server.
const server = process.env['HOLDFAST_URL'] ?? 'http://127.0.0.1:7070'

// `npm run dev:mock` answers /api from mock/, so that pages can be looked at without a server.
function mockApi(): Plugin {
  return {
    name: 'mock-api',
    configureServer: (vite) => {
      vite.middlewares.use(async (request, response, next) => {
        const { answer } = (await vite.ssrLoadModule('/mock/middleware.ts')) as typeof import('./mock/middleware')
        await answer(request, response, next)
      })
    },
  }
}

export default defineConfig(({ mode }) => ({
  plugins: [react(), ...(mode === 'mock' ? [mockApi()] : [])],
  resolve: { alias: { '~': fileURLToPath(new URL('src', import.meta.url)) } },
  server: { proxy: mode === 'mock' ? {} : { '/api': server, '/healthz': server } },
  build: {
    target: 'es2023',
    // The content security policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: {
    environment: 'jsdom',
    globals: true,
    setupFiles: ['./mock/test-setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
}))
