// Blocklists: a list that a stranger's server has is fetched by the real CoreDNS, counted, and answered by; and what the page
// says where there is none to be had.
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { eventually } from './cell.mjs'
import { stage, toast } from './stage.mjs'

const here = stage({ values: { blocklist_networks: '127.0.0.0/8' } })
const dialog = () => here.page.getByRole('dialog')
const row = (name) => here.page.getByRole('row').filter({ hasText: name })
const state = (name, is) => row(name).locator(`[data-blocklist="${is}"]`).waitFor()
const rcode = async (name) => (await here.cell.call('POST', '/dns/query', { name })).rcode

let web, url, resolver

/** A resolver behind the cell, to whom every name is 198.51.100.7 (RFC 1035, 4.1). */
async function knowsAll() {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    let end = 12
    while (query[end]) end += query[end] + 1
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(0x8180, 2)
    header.writeUInt16BE(1, 6)
    header.writeUInt32BE(0, 8)
    socket.send(Buffer.concat([header, query.subarray(12, end + 5), Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 7])]), port, address)
  })
  await new Promise((done) => socket.bind(0, '127.0.0.1', done))
  return socket
}

before(async () => {
  web = createServer((request, response) => (request.url === '/hosts' ? response.end('0.0.0.0 ads.example\n0.0.0.0 tracker.example\n') : response.writeHead(404).end()))
  await new Promise((done) => web.listen(0, '127.0.0.1', done))
  resolver = await knowsAll()
  url = `http://127.0.0.1:${web.address().port}`
})
after(() => {
  web?.close()
  resolver?.close()
})

test('a list is planned, fetched, counted and answered by', async () => {
  const { page, cell } = here
  await cell.call('PUT', '/dns/upstreams', { servers: [`127.0.0.1:${resolver.address().port}`] })
  await cell.applied('dns')
  assert.equal(await rcode('ads.example'), 'NOERROR')
  await page.goto('/network')
  await page.getByRole('tab', { name: 'Blocking' }).click()
  await page.getByRole('button', { name: 'Add a list' }).first().click()
  await dialog().getByLabel('List').fill('ads')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="url"] [data-error]').waitFor()
  await dialog().getByLabel('Fetched from').fill('ftp://lists.example/hosts')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="url"] [data-error]').waitFor()
  await dialog().getByLabel('Fetched from').fill(`${url}/hosts`)
  await dialog().getByLabel('Let through all the same').fill('tracker.example')
  await dialog().getByRole('button', { name: 'Show the plan' }).click()
  await dialog().locator('[data-plan]').getByText('blocklists/').waitFor()
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added ads').locator('[data-service="dns"][data-stage="live"]').waitFor()
  await state('ads', 'blocking')
  await row('ads').getByText('2', { exact: true }).waitFor()
  assert.equal(await rcode('ads.example'), 'NXDOMAIN')
  assert.equal(await rcode('tracker.example'), 'NOERROR')

  await row('ads').locator('[data-open]').click()
  await dialog().getByText('once since the DNS server started').waitFor()
  await page.keyboard.press('Escape')
})

test('one that cannot be fetched says why; a name is taken once', async () => {
  const { page } = here
  await page.getByRole('button', { name: 'Add a list' }).click()
  await dialog().getByLabel('List').fill('ads')
  await dialog().getByLabel('Fetched from').fill(`${url}/nothing`)
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="name"] [data-error]').waitFor()
  await dialog().getByLabel('List').fill('missing')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await state('missing', 'failed')
  await row('missing').locator('[data-open]').click()
  await dialog().getByText('404').waitFor()
  await dialog().getByRole('button', { name: 'Remove this list' }).click()
  await toast(page, 'Removed missing').waitFor()
})

test('a list is switched off, and the name is answered for again', async () => {
  const { page } = here
  await page.getByRole('switch', { name: 'Block by ads' }).click()
  await toast(page, 'ads blocks no longer').locator('[data-service="dns"][data-stage="live"]').waitFor()
  await state('ads', 'off')
  await eventually('it is answered again', async () => (await rcode('ads.example')) === 'NOERROR')
  await toast(page, 'ads blocks no longer').getByRole('button', { name: 'Undo' }).click()
  await eventually('and blocked again', async () => (await rcode('ads.example')) === 'NXDOMAIN')
  await state('ads', 'blocking')
})

here.ends()
