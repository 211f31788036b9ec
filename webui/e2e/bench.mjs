// How the web UI does with a full cell: the first paint of every page, and whether a list of a thousand devices scrolls
// smoothly, over a log of a hundred thousand events; then Lighthouse on the dashboard. `make bench-ui` prints the table of
// docs/performance.md. Not a test: what it measures is the machine too.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { Browser, program, signIn } from './browser.mjs'
import { Cell, freePort, isBuilt, owner } from './cell.mjs'

const lighthouse = 'lighthouse@12.8.2'
const wanted = { peers: 1000, events: 100_000 }
const rounds = 5
const at_once = 500

if (!program() || !isBuilt()) {
  console.error('bench: needs Chromium and the built web UI (make build; tools/deps.sh test)')
  process.exit(1)
}

const pages = ['/', '/peers', '/network', '/wireguard', '/routing', '/proxy', '/mail', '/calendar', '/people', '/vault', '/containers', '/changes', '/logs', '/settings', '/me']
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

async function fill(cell) {
  const change = (commands) => cell.call('POST', '/changes', { commands })
  for (let from = 0; from < wanted.peers; from += at_once) await change(Array.from({ length: at_once }, (_, at) => ({ type: 'AddPeer', data: { name: `device-${from + at}`, owner: `owner-${at % 20}` } })))
  const { items } = await cell.call('GET', '/peers?limit=1000')
  let { seq } = await change([{ type: 'ChangePeer', data: { id: items[0].id, keepalive: 1 } }])
  for (let round = 2; seq < wanted.events; round++) {
    for (let from = 0; from < items.length && seq < wanted.events; from += at_once) {
      ;({ seq } = await change(items.slice(from, from + at_once).map(({ id }) => ({ type: 'ChangePeer', data: { id, keepalive: round } }))))
    }
  }
  return { peers: items.length, events: seq }
}

/** Milliseconds from the navigation to the first content, as the browser counts them; the assets are in its cache. */
async function firstPaint(page, at) {
  const times = []
  for (let round = 0; round < rounds; round++) {
    await page.goto(at)
    await page.locator('#main h1').waitFor({ state: 'attached' })
    times.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime))
  }
  return median(times)
}

/** The frames of a list that is scrolled as fast as a wheel does it: how long the longest took, and 95 of 100. */
async function scrolling(page) {
  await page.goto('/peers')
  await page.getByText('1,000 entries').waitFor()
  const frames = await page.evaluate(
    () =>
      new Promise((done) => {
        const found = []
        let before = performance.now()
        const step = (now) => {
          found.push(now - before)
          before = now
          scrollBy(0, 120)
          if (found.length < 180) requestAnimationFrame(step)
          else done(found.slice(1))
        }
        requestAnimationFrame(step)
      }),
  )
  frames.sort((a, b) => a - b)
  return { p50: median(frames), p95: frames[Math.floor(frames.length * 0.95)], longest: frames.at(-1) }
}

/** In a browser of its own, in which somebody is signed in: Lighthouse opens its page there. */
async function scores(cell) {
  const folder = await mkdtemp(path.join(tmpdir(), 'pic-lighthouse-'))
  const port = await freePort()
  const context = await chromium.launchPersistentContext(path.join(folder, 'profile'), { executablePath: program(), headless: true, baseURL: cell.url, args: ['--no-sandbox', '--disable-gpu', `--remote-debugging-port=${port}`] })
  try {
    await signIn(await context.newPage(), owner)
    const out = path.join(folder, 'report.json')
    const words = ['--yes', lighthouse, `${cell.url}/`, '--quiet', '--output=json', `--output-path=${out}`, '--only-categories=performance,accessibility,best-practices', '--preset=desktop', '--disable-storage-reset', `--port=${port}`]
    const { status, stderr } = await promisify(execFile)('npx', words).then(({ stderr }) => ({ status: 0, stderr }), (error) => ({ status: 1, stderr: String(error) }))
    if (status !== 0) throw new Error(`lighthouse: ${stderr}`)
    const { categories, audits } = JSON.parse(await readFile(out, 'utf8'))
    const lost = Object.values(categories).flatMap(({ auditRefs }) => auditRefs.filter(({ id, weight }) => weight && audits[id].score !== null && audits[id].score < 0.9).map(({ id }) => `${id} (${audits[id].displayValue ?? audits[id].title})`))
    return { scores: Object.values(categories).map(({ title, score }) => [title, Math.round(score * 100)]), lost }
  } finally {
    await context.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const [cell, browser] = await Promise.all([Cell.start({ supervised: false }), Browser.start()])
try {
  await cell.claim({ vpn_range: '10.10.0.0/16' })
  const full = await fill(cell)
  console.log(`| a cell of ${full.peers} devices and ${full.events} events | |\n| --- | --- |`)
  const page = await browser.person(cell)
  await signIn(page, owner)
  for (const at of pages) console.log(`| first paint of ${at} | ${Math.round(await firstPaint(page, at))} ms |`)
  const { p50, p95, longest } = await scrolling(page)
  console.log(`| a frame while the list of devices scrolls: median, 95 of 100, longest | ${p50.toFixed(0)}, ${p95.toFixed(0)}, ${longest.toFixed(0)} ms |`)
  const found = await scores(cell)
  for (const [title, score] of found.scores) console.log(`| Lighthouse, dashboard: ${title} | ${score} |`)
  if (found.lost.length) console.log(`\nPoints lost to: ${found.lost.join(', ')}`)
} finally {
  await browser.stop()
  await cell.stop()
}
