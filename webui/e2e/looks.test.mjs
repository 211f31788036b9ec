// Every page, for everybody: axe finds nothing in both themes and on a phone, the keyboard is enough, nothing is wider than
// the screen, and the first load stays small.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { clean, still, violations } from './axe.mjs'
import { signIn } from './browser.mjs'
import { eventually, owner } from './cell.mjs'
import { page_of, stage } from './stage.mjs'

const here = stage()
const first_load_bytes = 200 * 1024

const places = [
  ['/', 'Cell home'],
  ['/peers', 'Peers'],
  ['/peers?open=new', 'Peers'],
  ['/peers?open=many', 'Peers'],
  ['/peers?open=PEER', 'Peers'],
  ['/network', 'Network services'],
  ['/network?open=new-record', 'Network services'],
  ['/network?tab=lookup', 'Network services'],
  ['/network?tab=resolvers', 'Network services'],
  ['/network?tab=zone', 'Network services'],
  ['/network?tab=blocking', 'Network services'],
  ['/network?tab=blocking&open=new-blocklist', 'Network services'],
  ['/network?tab=dhcp', 'Network services'],
  ['/network?tab=dhcp&open=new-reservation', 'Network services'],
  ['/network?tab=time', 'Network services'],
  ['/wireguard', 'WireGuard'],
  ['/routing', 'Routing'],
  ['/routing?open=new-rule', 'Routing'],
  ['/routing?tab=reach', 'Routing'],
  ['/routing?tab=forwards', 'Routing'],
  ['/proxy', 'Web front'],
  ['/proxy?open=new-site', 'Web front'],
  ['/cells', 'Cell network'],
  ['/mail', 'Email'],
  ['/mail?open=new-mailbox', 'Email'],
  ['/mail?tab=aliases', 'Email'],
  ['/mail?tab=domains', 'Email'],
  ['/mail?tab=publish', 'Email'],
  ['/mail?tab=connect', 'Email'],
  ['/calendar', 'Calendar and contacts'],
  ['/calendar?open=new-collection.further', 'Calendar and contacts'],
  ['/calendar?tab=connect', 'Calendar and contacts'],
  ['/files', 'Files'],
  ['/files?tab=connect', 'Files'],
  ['/people', 'People'],
  ['/people?open=new-user', 'People'],
  ['/people?tab=groups', 'People'],
  ['/people?tab=invitations&open=new-invitation', 'People'],
  ['/people?open=ADA', 'People'],
  ['/me', 'Hello ada'],
  ['/me?open=new', 'Hello ada'],
  ['/logs', 'Logs'],
  ['/logs?tab=access', 'Logs'],
  ['/vault', 'Vault'],
  ['/vault?tab=secrets', 'Vault'],
  ['/vault?tab=secrets&open=new-secret', 'Vault'],
  ['/vault?tab=secrets&open=SECRET', 'Vault'],
  ['/vault?tab=recovery', 'Vault'],
  ['/containers', 'Containers'],
  ['/changes', 'Changes'],
  ['/changes?open=6', 'Changes'],
  ['/changes?tab=compare', 'Changes'],
  ['/changes?tab=verify', 'Changes'],
  ['/peers?at=6', 'Peers'],
  ['/settings', 'Settings'],
  ['/settings?tab=services', 'Settings'],
  ['/settings?tab=services&open=dns', 'Settings'],
  ['/settings?tab=ports', 'Settings'],
  ['/settings?tab=tokens&open=new', 'Settings'],
  ['/settings?tab=agents', 'Settings'],
  ['/settings?tab=agents&open=new-agents', 'Settings'],
  ['/settings?tab=sessions', 'Settings'],
  ['/settings?tab=backup', 'Settings'],
  ['/settings?tab=config', 'Settings'],
  ['/settings?tab=appearance', 'Settings'],
]

async function inspect(page, from = places) {
  const { peer } = here
  for (const [at, title] of from) {
    await page.goto(at.replace('PEER', peer).replace('ADA', here.ada).replace('SECRET', here.secret))
    await page_of(page, title).waitFor({ state: 'attached' })
    await clean(page, at)
  }
  assert.deepEqual(page.faults, [])
}

test('something to look at', async () => {
  const { cell } = here
  const made = await cell.call('POST', '/peers', { name: 'laptop', owner: 'Ada', expires_at: new Date(Date.now() + 864e5).toISOString() })
  here.peer = made.resource.id
  here.ada = (await cell.call('GET', '/users')).items[0].id
  here.secret = (await cell.call('POST', '/vault/secrets', { name: 'bucket', generate: true, rotate_days: 90 })).resource.id
  await cell.call('POST', '/dns/blocklists', { name: 'ads', names: ['ads.example'] })
  await cell.call('POST', '/dns/records', { name: 'printer', type: 'A', value: '192.168.1.20' })
  await cell.call('POST', '/routing/rules', { action: 'drop', destination: '192.168.1.0/24', note: 'not the home network' })
  await cell.applied('dns', 'wireguard')
})

test('light, wide', () => inspect(here.page))

test('dark, on a phone', async () => {
  const page = await here.browser.person(here.cell, { viewport: { width: 375, height: 740 }, colorScheme: 'dark', hasTouch: true, isMobile: true, reducedMotion: 'reduce' })
  await page.goto('/')
  await page.getByLabel('User name').waitFor()
  assert.deepEqual(await violations(page), [], 'sign-in')
  await signIn(page, owner)
  assert.ok(await page.evaluate(() => document.documentElement.classList.contains('dark')))
  await inspect(page)
  // The way about, with a thumb.
  await page.goto('/')
  await page.getByRole('button', { name: 'Show the pages' }).click()
  await page.getByRole('link', { name: 'Peers', exact: true }).first().click()
  await page_of(page, 'Peers').waitFor()
  await page.getByRole('button', { name: 'laptop' }).first().click()
  await page.getByRole('dialog').getByText('Get it onto the device').waitFor()
})

test('the keyboard alone is enough to add a device', async () => {
  const { page } = here
  await page.goto('/')
  await page_of(page, 'Cell home').waitFor()
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Skip to the content')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to anything' }).waitFor()
  await page.keyboard.type('add a dev')
  await page.keyboard.press('Enter')
  const name = page.getByRole('dialog').getByLabel('Name')
  await eventually('the focus on the name', () => name.evaluate((node) => node === document.activeElement))
  await page.keyboard.type('by-keyboard')
  await page.keyboard.press('Enter')
  await page.getByRole('img', { name: /QR code/ }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'laptop' }).first().focus()
  await page.keyboard.press('ArrowDown')
  await eventually('the next row', () => page.evaluate(() => document.activeElement.textContent.startsWith('by-keyboard')))
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('heading', { name: 'by-keyboard' }).waitFor()
  await page.keyboard.press('Escape')
})

test('the palette finds a device by its address', async () => {
  const { page } = here
  await page.keyboard.press('Control+k')
  await page.keyboard.type('10.10.0.2')
  await page.getByRole('option', { name: /laptop/ }).waitFor()
  assert.deepEqual(await violations(page), [], 'palette')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('heading', { name: 'laptop' }).waitFor()
  await page.keyboard.press('Escape')
})

test('a thousand devices scroll like ten', async () => {
  const { page, cell } = here
  const commands = Array.from({ length: 240 }, (_, at) => ({ type: 'AddPeer', data: { name: `device-${at}` } }))
  await cell.call('POST', '/changes', { commands })
  await page.goto('/peers')
  await page.getByText('242 entries').waitFor()
  assert.ok((await page.getByRole('row').count()) < 60, 'only what can be seen is there')
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
  await page.getByRole('button', { name: /^device-239/ }).waitFor()
  await page.getByRole('searchbox').fill('device-17')
  await page.getByText('11 of 242').waitFor()
})

test('an address of nowhere says so', async () => {
  const { page } = here
  await page.goto('/no/such/place')
  await page.getByText('There is nothing here').waitFor()
})

test('the first load is small, compressed, kept for ever and nobody else is asked', async () => {
  const { cell, browser } = here
  const page = await browser.person(cell)
  const sizes = []
  const refused = []
  page.on('response', async (response) => {
    const { pathname } = new URL(response.url())
    // Whether somebody is signed in is asked before anybody is.
    if (response.status() >= 400 && pathname !== '/api/v1/session') refused.push(`${response.status()} ${pathname}`)
    if (pathname.startsWith('/api')) return
    const { 'content-encoding': encoding, 'cache-control': cache } = await response.allHeaders()
    sizes.push(response.request().sizes().then(({ responseBodySize }) => ({ pathname, bytes: responseBodySize, encoding, cache })))
  })
  await signIn(page, owner)
  await page_of(page, 'Cell home').waitFor()
  await still(page)
  const files = await Promise.all(sizes)
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  assert.deepEqual(refused, [], 'the page asks for nothing that it does not get')
  assert.ok(total > 20_000, 'something was loaded')
  assert.ok(total < first_load_bytes, `${total} bytes: ${files.map(({ pathname, bytes }) => `${pathname} ${bytes}`).join(', ')}`)
  for (const { pathname, encoding, cache } of files.filter(({ pathname }) => pathname.startsWith('/assets/'))) {
    assert.equal(encoding, 'gzip', pathname)
    assert.match(cache, /immutable/, pathname)
  }
  console.log(`first load with the dashboard: ${Math.round(total / 1024)} KB compressed`)
})

here.ends()
