// Runs the browser tests, or says why it cannot (77: skipped). Usage: run.mjs [file...]
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const skip = (why) => {
  console.log(`skipped: ${why}`)
  process.exit(77)
}

const { program } = await import('./browser.mjs').catch(() => skip('the packages of the web UI are not installed'))
const { isBuilt } = await import('./cell.mjs')
if (!program()) skip('no Chromium (tools/deps.sh test installs it)')
if (!isBuilt()) skip('the web UI is not built (tools/build-webui.sh)')

const wanted = process.argv.slice(2)
const files = readdirSync(here).filter((name) => name.endsWith('.test.mjs') && (!wanted.length || wanted.some((one) => name.startsWith(one))))
const { status } = spawnSync(process.execPath, ['--test', '--test-concurrency=2', '--test-reporter=spec', ...files.map((name) => here + name)], { stdio: 'inherit' })
process.exit(status ?? 1)
