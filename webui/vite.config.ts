import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import type { Plugin } from 'vite'

const worthwhile = /\.(js|css|html|svg|json|webmanifest)$/

/** picd serves x.gz beside x to whoever takes gzip: compressed once here, as small as it gets, not at every request. */
function gzip(): Plugin {
  let folder = ''
  return {
    name: 'gzip',
    apply: 'build',
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir)
    },
    async closeBundle() {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !worthwhile.test(entry.name)) continue
        const file = path.join(entry.parentPath ?? entry.path, entry.name)
        await writeFile(`${file}.gz`, gzipSync(await readFile(file), { level: 9 }))
      }
    },
  }
}

/**
 * The first load is a few files and not forty small ones, fetched a few at a time: what every page needs, the icons, and what
 * pages with lists and forms need. What is shown now and then (a chart, a merge view, a QR code) stays apart by itself.
 */
const files: [string, RegExp][] = [
  ['react', /\/node_modules\/(react|react-dom|scheduler)\//],
  ['icons', /\/lucide-react\//],
  ['forms', /\/src\/kit\/(form|conflict|draft|plan|planned|diff|collection|singleton|list|tabs|copy|toggle|service-page|live-table)\.|\/src\/services\/changes\/history|\/node_modules\/(@radix-ui\/react-tabs|@tanstack\/(react-virtual|virtual-core))\//],
  ['always', /preload-helper|\/node_modules\/(@tanstack|openapi-fetch)\/|\/src\/(api|i18n|shell\/(shell|gate|account|theme|mark|sign-in|credentials)\.|services\/(registry|place)\.)|\/src\/kit\/(ui|page|dialog|toast|commit|fresh|rollout|service-state|field|form-values)\.|\/src\/services\/changes\/(events|line|names)/],
]
const fileOf = (id: string) => files.find(([, what]) => what.test(id))?.[0]

const daemon = process.env.PIC_LISTEN ?? '127.0.0.1:3000'

export default defineConfig({
  plugins: [react(), tailwindcss(), gzip()],
  // A language is read faster as JSON than as a program.
  json: { stringify: true },
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    port: 5173,
    // The Origin has to be the daemon's own, as it is when the daemon serves the page itself.
    proxy: Object.fromEntries(
      ['/api', '/dav', '/healthz', '/readyz'].map((at) => [
        at,
        {
          target: `http://${daemon}`,
          ws: true,
          changeOrigin: true,
          configure: (proxy: { on(event: string, fn: (request: { setHeader(k: string, v: string): void }) => void): void }) => {
            const ours = (request: { setHeader(k: string, v: string): void }) => request.setHeader('origin', `http://${daemon}`)
            proxy.on('proxyReq', ours)
            proxy.on('proxyReqWs', ours)
          },
        },
      ]),
    ),
  },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // picd takes what stands after the last hyphen for the hash, so it must hold no hyphen itself.
    rollupOptions: { output: { hashCharacters: 'hex', manualChunks: fileOf } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
