import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Where `npm run dev` finds the real server.
const server = process.env['HOLDFAST_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '~': fileURLToPath(new URL('src', import.meta.url)) } },
  server: { proxy: { '/api': server } },
  build: {
    target: 'es2023',
    // The content security policy allows no data: scripts or styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Pieces of a few hundred bytes cost more in requests than they save.
    rollupOptions: { output: { experimentalMinChunkSize: 12_000 } },
  },
  test: {
    environment: 'jsdom',
    globals: true,
    setupFiles: ['./mock/test-setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    // Generous, because the machine that builds may do other things too.
    testTimeout: 60_000,
    pool: 'threads',
  },
})
