// Pictures of every page in both themes and on a phone, of a cell with some life in it, into docs/screenshots (or the
// folder given). `make screenshots`.
import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Browser, program, signIn } from './browser.mjs'
import { Cell, eventually, isBuilt, owner } from './cell.mjs'

const folder = process.argv[2] ?? fileURLToPath(new URL('../../docs/screenshots', import.meta.url))
if (!program() || !isBuilt()) {
  console.error('screenshots: needs Chromium and the built web UI (make build; tools/deps.sh test)')
  process.exit(1)
}

const member = { username: 'grace', password: 'nanoseconds in a wire' }
const devices = [
  ['phone', { owner: 'Ada' }],
  ['laptop', { owner: 'Ada' }],
  ['tablet', { owner: 'Grace', services: ['dns'] }],
  ['tv', { internet: false }],
  ['workshop', { owner: 'Grace', lans: ['192.168.40.0/24'] }],
  ['guest', { expires_at: new Date(Date.now() + 2 * 864e5).toISOString() }],
  ['camera', { enabled: false, services: [] }],
]
const records = [
  ['printer', 'A', '192.168.1.20'],
  ['nas', 'A', '192.168.1.30'],
  ['nas', 'AAAA', 'fd00:1::30'],
  ['photos', 'CNAME', 'nas.cell.home.arpa.'],
  ['@', 'MX', '10 mail.cell.home.arpa.'],
  ['@', 'TXT', 'v=spf1 mx -all'],
]

async function furnish(cell) {
  const made = {}
  for (const [name, some] of devices) made[name] = (await cell.call('POST', '/peers', { name, ...some })).resource
  await cell.call('POST', '/changes', { commands: records.map(([name, type, value]) => ({ type: 'AddDnsRecord', data: { name, type, value } })), note: 'the house' })
  await cell.call('PATCH', '/cell', { endpoint: 'home.example.org:51820' })
  await cell.call('PATCH', `/peers/${made.tv.id}`, { enabled: false })
  const { seq } = await cell.call('PATCH', '/wireguard', { mtu: 1380 })
  await cell.call('POST', `/changes/${seq}/undo`)
  await cell.call('PATCH', `/peers/${made.tv.id}`, { enabled: true })
  for (const name of ['phone', 'laptop', 'workshop']) await cell.call('GET', `/peers/${made[name].id}/config`)
  await cell.call('POST', '/groups', { name: 'family' })
  const [family] = (await cell.call('GET', '/groups')).items
  const { resource: grace } = await cell.call('POST', '/users', { ...member, role: 'member', display_name: 'Grace', email: 'grace@home.example', groups: [family.id] })
  await cell.call('POST', '/users', { username: 'alan', password: 'universal tape and head', role: 'operator', display_name: 'Alan', services: ['mail'] })
  await cell.call('POST', '/peers', { name: 'grace-phone', owner: member.username })
  await cell.call('POST', `/users/${grace.id}/app-passwords`, { service: 'calendar', name: 'Thunderbird' })
  await cell.call('POST', '/invitations', { role: 'member', display_name: 'Barbara' })
  await cell.call('PUT', '/dhcp/scope', { network: '192.168.1.0/24', first: '192.168.1.100', last: '192.168.1.199', router: '192.168.1.1' })
  await cell.call('POST', '/dhcp/reservations', { mac: '02:00:00:00:00:20', address: '192.168.1.20', hostname: 'printer' })
  await cell.call('POST', '/mail/aliases', { address: 'hello@cell.home.arpa', targets: ['ada@cell.home.arpa', 'grace@cell.home.arpa'] })
  await cell.call('POST', '/proxy/sites', { host: 'photos.cell.home.arpa', upstream: '192.168.1.30:8080' })
  for (const rule of [{ action: 'accept', destination: '192.168.1.20', protocol: 'tcp', ports: '631', note: 'the printer' }, { action: 'drop', destination: '192.168.1.0/24', note: 'not the home network' }]) await cell.call('POST', '/routing/rules', rule)
  await cell.call('POST', '/tokens', { name: 'monitoring', scopes: ['metrics:read', 'services:read'], sources: ['10.10.0.0/24'] })
  await cell.call('POST', '/dns/blocklists', { name: 'ours', names: ['ads.example', 'tracker.example'], allow: ['good.tracker.example'] })
  await cell.call('POST', '/dns/blocklists', { name: 'nowhere', url: 'https://192.0.2.1/hosts' })
  await cell.call('POST', '/agents', { name: 'attic', services: ['dns'] })
  await cell.call('POST', '/subscribers', { name: 'archive', scopes: ['peers:read', 'dns:read'], public_key: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID' })
  made.secret = (await cell.call('POST', '/vault/secrets', { name: 'backup-bucket', generate: true, description: 'Where the backups go', rotate_days: 90 })).resource
  await cell.call('PUT', '/vault/secrets/backup-bucket', { generate: true })
  await cell.call('POST', '/vault/secrets', { name: 'mail-relay', generate: true, description: 'The provider that sends our mail' })
  await eventually('all is well', async () => (await cell.call('GET', '/services')).items.every(({ enabled, state, health }) => !enabled || state !== 'applied' || health === 'healthy'))
  await cell.applied('dns', 'wireguard')
  return { ...made, grace }
}

const click = (name) => (page) => page.getByRole('button', { name, exact: true }).last().click()

const shots = (made, head) => [
  ['dashboard', '/'],
  ['peers', '/peers'],
  ['peer', `/peers?open=${made.tablet.id}`],
  ['peer-add', '/peers?open=new', async (page) => {
    await page.getByRole('dialog').getByLabel('Name').fill(`watch-${Math.floor(performance.now())}`)
    await click('Add it')(page)
    await page.getByRole('img', { name: /QR code/ }).waitFor()
    await eventually('live', async () => (await page.locator('[data-added] [data-stage="live"]').count()) >= 2)
  }],
  ['peer-plan', '/peers?open=new', async (page) => {
    await page.getByRole('dialog').getByLabel('Name').fill('e-reader')
    await click('Show the plan')(page)
    await page.locator('[data-plan]').waitFor()
    await page.locator('[data-plan] summary').last().click()
  }],
  ['network', '/network'],
  ['network-lookup', '/network?tab=lookup', async (page) => {
    await page.getByRole('textbox', { name: 'Name' }).fill('laptop.cell.home.arpa')
    await click('Look up')(page)
    await page.locator('[data-reply]').waitFor()
  }],
  ['network-resolvers', '/network?tab=resolvers'],
  ['network-blocking', '/network?tab=blocking', async (page) => { await page.locator('[data-blocklist="blocking"]').waitFor() }],
  ['network-dhcp', '/network?tab=dhcp'],
  ['network-time', '/network?tab=time'],
  ['wireguard', '/wireguard'],
  ['routing', '/routing'],
  ['proxy', '/proxy'],
  ['mail', '/mail'],
  ['calendar', '/calendar'],
  ['files', '/files'],
  ['reach', '/routing?tab=reach'],
  ['cells', '/cells'],
  ['people', '/people'],
  ['person', `/people?open=${made.grace.id}`],
  ['invitation', '/people?tab=invitations&open=new-invitation', async (page) => {
    await page.getByRole('dialog').getByLabel('Name').fill('Katherine')
    await click('Add it')(page)
    await page.getByRole('img', { name: /QR code/ }).waitFor()
  }],
  ['account', '/me'],
  ['second-factor', '/me', async (page) => {
    await click('Set up a second factor')(page)
    await page.getByRole('img', { name: /QR code/ }).waitFor()
  }],
  ['vault', '/vault'],
  ['secrets', '/vault?tab=secrets'],
  ['secret', `/vault?tab=secrets&open=${made.secret.id}`],
  ['vault-recovery', '/vault?tab=recovery', async (page) => {
    await click('Show the recovery kit')(page)
    await page.getByRole('img', { name: /QR code/ }).waitFor()
  }],
  ['containers', '/containers'],
  ['changes', '/changes'],
  ['change', `/changes?open=${head - 3}`],
  ['compare', `/changes?tab=compare&from=${head - 8}&to=${head}`],
  ['time-travel', '/peers?at=9'],
  ['logs', '/logs', async (page) => { await page.getByRole('log').locator('time').first().waitFor() }],
  ['access', '/logs?tab=access'],
  ['settings', '/settings'],
  ['settings-ports', '/settings?tab=ports'],
  ['settings-agents', '/settings?tab=agents'],
  ['settings-sessions', '/settings?tab=sessions'],
  ['settings-services', '/settings?tab=services'],
  ['service', '/settings?tab=services&open=dns'],
  ['settings-config', '/settings?tab=config'],
  ['settings-tokens', '/settings?tab=tokens'],
  ['settings-backup', '/settings?tab=backup'],
  ['palette', '/', async (page) => {
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('a')
  }],
]

const looks = [
  ['light', { colorScheme: 'light', viewport: { width: 1200, height: 760 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1200, height: 760 } }],
  ['phone', { colorScheme: 'light', viewport: { width: 375, height: 740 }, isMobile: true, hasTouch: true }],
]

const still = (page) =>
  eventually('the page is still', () => page.evaluate(() => !document.querySelector('[role=status][aria-label="Loading"]') && document.getAnimations().every((one) => one.playState !== 'running')))

await mkdir(folder, { recursive: true })
const [cell, browser] = await Promise.all([Cell.start(), Browser.start()])
let count = 0
try {
  const people = []
  for (const [look, options] of looks) people.push([look, await browser.person(cell, { ...options, reducedMotion: 'reduce' })])
  const take = async (page, name, look) => {
    await still(page)
    const file = path.join(folder, `${name}-${look}.png`)
    await page.screenshot({ path: file })
    // A third of the size, where the tool is there; the colours of these pages are few.
    spawnSync('pngquant', ['--force', '--skip-if-larger', '--quality=75-95', '--output', file, file])
    count++
  }
  for (const [look, page] of people) {
    await page.goto('/')
    await page.getByRole('heading', { name: 'Welcome to your cell' }).waitFor()
    await take(page, 'set-up', look)
  }
  await cell.claim()
  const made = await furnish(cell)
  const head = (await cell.call('GET', '/events?after=0&limit=1000')).items.at(-1).seq
  for (const [look, page] of people) {
    await page.goto('/')
    await page.getByLabel('User name').waitFor()
    await take(page, 'sign-in', look)
    await signIn(page, owner)
    for (const [name, at, act] of shots(made, head)) {
      await page.goto(at)
      await page.locator('#main h1').waitFor({ state: 'attached' })
      if (look !== 'phone') await page.locator('[data-line="live"]').waitFor()
      await still(page)
      await act?.(page)
      await take(page, name, look)
    }
    if (page.faults.length) throw new Error(page.faults.join('\n'))
  }
  for (const [look, options] of looks) {
    const page = await browser.person(cell, { ...options, reducedMotion: 'reduce' })
    await signIn(page, member)
    await page.getByRole('heading', { name: 'Hello Grace' }).waitFor()
    await take(page, 'member', look)
  }
} finally {
  await browser.stop()
  await cell.stop()
}
console.log(`screenshots: ${count} in ${folder}`)
