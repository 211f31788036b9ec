// Names: records that a real resolver then answers with, resolvers, zone files in and out; and WireGuard's own settings.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { eventually } from './cell.mjs'
import { stage, toast } from './stage.mjs'

const here = stage()
const dialog = () => here.page.getByRole('dialog')
const tab = (name) => here.page.getByRole('tab', { name }).click()

async function lookUp(name, type = 'A') {
  const { page } = here
  await page.getByRole('textbox', { name: 'Name' }).fill(name)
  await page.getByLabel('Type').selectOption(type)
  await page.getByRole('button', { name: 'Look up' }).click()
}

test('a record goes live, and the cell\'s own resolver answers with it', async () => {
  const { page } = here
  await page.goto('/network')
  await page.getByRole('button', { name: 'Add a record' }).first().click()
  await dialog().getByLabel('Name').fill('printer')
  await dialog().getByLabel('Value').fill('not an address')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-error]').waitFor()
  assert.equal(await dialog().getByLabel('Value').getAttribute('aria-invalid'), 'true')
  await dialog().getByLabel('Value').fill('192.168.1.20')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added printer').locator('[data-service="dns"][data-stage="live"]').waitFor()
  await page.getByRole('button', { name: 'printer.cell.home.arpa' }).waitFor()

  await tab('Look up a name')
  await lookUp('printer.cell.home.arpa')
  await page.locator('[data-reply="NOERROR"]').getByText('192.168.1.20').waitFor()
  await lookUp('nobody.cell.home.arpa')
  await page.locator('[data-reply="NXDOMAIN"]').waitFor()
  await lookUp('not..a.name')
  await page.locator('[data-error]').waitFor()
})

test('a record is changed and removed, and removing is undone', async () => {
  const { page, cell } = here
  await tab('Records')
  await page.getByRole('button', { name: 'printer.cell.home.arpa' }).click()
  await dialog().getByLabel('Value').fill('192.168.1.21')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed printer').waitFor()
  await page.getByText('192.168.1.21').first().waitFor()
  await page.getByRole('button', { name: 'printer.cell.home.arpa' }).click()
  await dialog().getByRole('button', { name: 'Remove this record' }).click()
  await page.getByText('No records of your own yet').waitFor()
  await toast(page, 'Removed printer').getByRole('button', { name: 'Undo' }).click()
  await eventually('it is back', async () => (await cell.call('GET', '/dns/records')).items.length === 1)
  await page.getByRole('button', { name: 'printer.cell.home.arpa' }).waitFor()
})

test('resolvers, and domains with resolvers of their own', async () => {
  const { page, cell } = here
  await tab('Resolvers')
  await page.getByLabel('Resolvers behind the cell').fill('9.9.9.9\nnonsense')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('[data-error]').waitFor()
  await page.getByLabel('Resolvers behind the cell').fill('9.9.9.9\n1.1.1.1')
  await page.getByRole('button', { name: 'Add a domain' }).click()
  await page.getByLabel('Domain', { exact: true }).fill('corp.example')
  await page.getByLabel('Its resolvers').fill('192.168.7.1')
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.locator('[data-plan]').getByText('Corefile').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed the resolvers').waitFor()
  const { servers, forwards } = await cell.call('GET', '/dns/upstreams')
  assert.deepEqual([servers, forwards], [['9.9.9.9', '1.1.1.1'], [{ domain: 'corp.example', servers: ['192.168.7.1'] }]])
})

test('a zone file comes in, all or none, and goes out', async () => {
  const { page, cell } = here
  await tab('Zone file')
  const text = page.getByRole('textbox', { name: 'Records' })
  await text.fill('nas 300 IN A 192.168.1.30\nbroken 300 IN A nowhere\n')
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await page.locator('[data-error]').waitFor()
  assert.equal((await cell.call('GET', '/dns/records')).items.length, 1)
  await text.fill('nas 300 IN A 192.168.1.30\n@ 300 IN TXT "hello"\n')
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.locator('[data-plan]').waitFor()
  await page.getByRole('button', { name: 'Import', exact: true }).click()
  await toast(page, 'Imported the records').waitFor()
  assert.equal((await cell.call('GET', '/dns/records')).items.length, 3)
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download the zone file' }).click()])
  const zone = await readFile(await saved.path(), 'utf8')
  assert.match(zone, /nas\s.*192\.168\.1\.30/)
})

test('WireGuard: settings with their objections, and a new key by its plan', async () => {
  const { page, cell } = here
  await page.goto('/wireguard')
  await page.getByLabel('MTU').fill('90000')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('[data-error]').waitFor()
  await page.getByLabel('MTU').fill('1380')
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed WireGuard').waitFor()
  assert.equal((await cell.call('GET', '/wireguard')).mtu, 1380)
  const before = (await cell.call('GET', '/wireguard')).public_key
  await page.getByRole('button', { name: "Rotate the cell's key" }).click()
  await dialog().locator('[data-plan]').waitFor()
  await dialog().getByRole('button', { name: "Rotate the cell's key" }).click()
  await toast(page, 'The cell has a new key').waitFor()
  assert.notEqual((await cell.call('GET', '/wireguard')).public_key, before)
  await page.locator('pre[aria-label="wg0.conf"]').getByText('ListenPort').waitFor()
})

here.ends()
