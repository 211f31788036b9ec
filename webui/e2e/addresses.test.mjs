// Addresses and the time: a scope switches DHCP on, reservations come and go, and the time's sources are asked for real.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { eventually } from './cell.mjs'
import { installed, isRoot, stage, toast } from './stage.mjs'

const here = stage()
const dialog = () => here.page.getByRole('dialog')

test('DHCP is off until a range is set; what is wrong with it stands at its field', async () => {
  const { page, cell } = here
  await cell.call('PATCH', '/cell', { lan_range: '192.168.50.0/24' })
  await page.goto('/network?tab=dhcp')
  await page.getByText('DHCP is off.').waitFor()
  assert.equal(await page.getByRole('textbox', { name: 'Network' }).inputValue(), '192.168.50.0/24', 'the home network is suggested')
  assert.equal(await page.getByLabel('Router').inputValue(), '192.168.50.1')
  await page.getByLabel('Last address given out').fill('192.168.60.1')
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await page.locator('[data-field="last"] [data-error]').waitFor()
  assert.equal((await cell.call('GET', '/dhcp/scope')).scope, null)
  await page.getByLabel('Last address given out').fill('192.168.50.180')
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.locator('[data-plan]').getByText('dnsmasq.conf').waitFor()
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await toast(page, 'DHCP is on').waitFor()
  if (installed('dnsmasq')) await toast(page, 'DHCP is on').locator('[data-service="dhcp"][data-stage="live"]').waitFor()
  await page.getByText('Who has an address now').waitFor()
  assert.deepEqual((({ first, last, router }) => [first, last, router])((await cell.call('GET', '/dhcp/scope')).scope), ['192.168.50.100', '192.168.50.180', '192.168.50.1'])
})

test('the range is changed, and a form that was open sees what somebody else did', async () => {
  const { page, cell } = here
  await page.getByLabel('First address given out').fill('192.168.50.120')
  await cell.call('PUT', '/dhcp/scope', { network: '192.168.50.0/24', first: '192.168.50.110', last: '192.168.50.180', router: '192.168.50.1' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('[data-conflict]').getByText('192.168.50.110').waitFor()
  await page.getByRole('button', { name: 'Keep mine' }).click()
  await toast(page, 'Changed the range').waitFor()
  assert.equal((await cell.call('GET', '/dhcp/scope')).scope.first, '192.168.50.120')
  await eventually('the form shows it', async () => (await page.getByLabel('First address given out').inputValue()) === '192.168.50.120')
})

test('a reservation, one that is taken, and its way back', async () => {
  const { page, cell } = here
  await page.getByRole('button', { name: 'Reserve an address' }).first().click()
  await dialog().getByLabel('Hardware address').fill('02:00:5e:10:00:01')
  await dialog().getByLabel('Address', { exact: true }).fill('10.0.0.1')
  await dialog().getByLabel('Name').fill('printer')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await eventually('an objection', async () => (await dialog().locator('[data-error]').count()) + (await dialog().getByRole('alert').count()))
  await dialog().getByLabel('Address', { exact: true }).fill('192.168.50.7')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added printer').waitFor()
  await page.getByRole('button', { name: 'printer' }).first().click()
  await dialog().getByRole('button', { name: 'Give the address free' }).click()
  await page.getByText('No reservations yet').waitFor()
  await toast(page, 'Removed printer').getByRole('button', { name: 'Undo' }).click()
  await eventually('it is back', async () => (await cell.call('GET', '/dhcp/reservations')).items.length === 1)
})

/** The cell's own dnsmasq: the process of that name whose file of leases is in the cell's folder. */
const dnsmasq = () =>
  readdirSync('/proc').find((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'dnsmasq\n' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(here.cell.folder)
    } catch {
      return false
    }
  })

test('a device that asked is seen, and keeps its address at a press', { skip: !(isRoot && installed('dnsmasq', 'udhcpc', 'ip', 'nsenter')) && 'needs root, dnsmasq and udhcpc' }, async (context) => {
  const { page, cell } = here
  const told = () => cell.call('GET', '/services/dhcp/live').then(({ items }) => items.some(({ table }) => table === 'leases'))
  await cell.applied('dhcp')
  const server = await eventually('dnsmasq runs', dnsmasq)
  const run = (...words) => execFileSync(words[0], words.slice(1), { stdio: 'pipe' })
  const within = (...words) => run('nsenter', '-t', server, '-n', ...words)
  const device = `pic-ui-${process.pid}`
  run('ip', 'netns', 'add', device)
  context.after(() => run('ip', 'netns', 'del', device))
  within('ip', 'link', 'add', 'cable0', 'type', 'veth', 'peer', 'name', 'device0')
  within('ip', 'link', 'set', 'device0', 'netns', device)
  within('ip', 'address', 'add', '192.168.50.1/24', 'dev', 'cable0')
  within('ip', 'link', 'set', 'cable0', 'up')
  run('ip', '-n', device, 'link', 'set', 'device0', 'up')
  await eventually('a lease', () => (run('ip', 'netns', 'exec', device, 'udhcpc', '-i', 'device0', '-n', '-q', '-f', '-t', '5', '-T', '1', '-F', 'toaster', '-s', '/bin/true'), true))
  if (!(await told())) return context.skip('the agent does not tell of leases')
  await page.getByRole('button', { name: 'Reserve its address for toaster' }).click()
  await toast(page, /^toaster always gets 192\.168\.50\./).waitFor()
  await page.getByText('reserved', { exact: true }).waitFor()
  const { items } = await cell.call('GET', '/dhcp/reservations')
  assert.ok(items.some(({ hostname, address }) => hostname === 'toaster' && address.startsWith('192.168.50.1')))
})

test('DHCP is turned off again', async () => {
  const { page, cell } = here
  await page.getByRole('button', { name: 'Turn it off' }).click()
  await page.getByText('DHCP is off. Say which').waitFor()
  assert.equal((await cell.call('GET', '/dhcp/scope')).scope, null)
})

test('the time has sources, and says what they say', async () => {
  const { page, cell } = here
  await page.getByRole('tab', { name: 'Time' }).click()
  await page.getByRole('button', { name: 'Add a source' }).click()
  const last = page.getByLabel(/^Name or address of source/).last()
  await last.fill('not a host!')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('[data-error]').waitFor()
  for (const remove of await page.getByRole('button', { name: /^Remove / }).all()) if ((await page.getByLabel(/^Name or address of source/).count()) > 1) await remove.click()
  await page.getByLabel('Name or address of source 1').fill('127.0.0.1')
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, "Changed the time's sources").waitFor()
  assert.deepEqual((await cell.call('GET', '/ntp')).sources.map(({ host }) => host), ['127.0.0.1'])
})

here.ends()
