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

const daemon = process.env.PIC_LISTEN ?? '127.0.0.1:3000'

export default defineConfig({
  plugins: [react(), tailwindcss(), gzip()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    port: 5173,
    // The Origin has to be the daemon's own, as it is when the daemon serves the page itself.
    proxy: Object.fromEntries(
      ['/api', '/healthz', '/readyz'].map((at) => [
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
    rollupOptions: { output: { hashCharacters: 'hex' } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
