// Devices, from the first click to the last: every form's happy and unhappy way.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { eventually } from './cell.mjs'
import { stage, toast } from './stage.mjs'

const here = stage()
const row = (name) => here.page.getByRole('row').filter({ has: here.page.getByRole('button', { name, exact: false }) })
const dialog = () => here.page.getByRole('dialog')
const names = async () => (await here.cell.call('GET', '/peers')).items.map(({ name }) => name).sort()
const peer = async (name) => (await here.cell.call('GET', '/peers')).items.find((one) => one.name === name)
const addOne = () => here.page.getByRole('button', { name: 'Add a device' }).first().click()
const focused = (locator) => eventually('the focus', () => locator.evaluate((node) => node === document.activeElement))

test('a device is in with two clicks, and its picture is there to scan', async () => {
  const { page } = here
  await page.goto('/peers')
  await page.getByText('No devices yet').waitFor()
  await addOne()
  await focused(dialog().getByLabel('Name'))
  await dialog().getByLabel('Name').fill('phone')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await page.getByRole('img', { name: 'QR code of the configuration of phone' }).waitFor()
  await page.getByText('A phone cannot reach this cell').waitFor()
  // Live, service by service, as the agents report it.
  for (const service of ['dns', 'wireguard']) await dialog().locator(`[data-added] [data-service="${service}"][data-stage="live"]`).waitFor()

  const [saved] = await Promise.all([page.waitForEvent('download'), dialog().getByRole('button', { name: 'Download' }).click()])
  assert.equal(saved.suggestedFilename(), 'phone.conf')
  assert.match(await readFile(await saved.path(), 'utf8'), /^PrivateKey = [A-Za-z0-9+/]{43}=$/m)
  assert.equal((await peer('phone')).has_private_key, false, 'the key left the vault for good')
  await dialog().getByRole('button', { name: 'Done' }).click()
  await row('phone').waitFor()
})

test('a taken name is said at the field, with the focus there, and nothing typed is lost', async () => {
  await addOne()
  await dialog().getByLabel('Name').fill('phone')
  await dialog().getByText('More settings').click()
  await dialog().getByLabel('Owner').fill('Grandmother')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().getByText('another peer is called phone').waitFor()
  await focused(dialog().getByLabel('Name'))
  assert.equal(await dialog().getByLabel('Owner').inputValue(), 'Grandmother')

  // Closed and opened again, and even after a reload: the draft is there.
  await here.page.keyboard.press('Escape')
  await here.page.reload()
  await addOne()
  assert.equal(await dialog().getByLabel('Name').inputValue(), 'phone')
})

test('the plan shows what would happen, and nothing has happened', async () => {
  const before = await names()
  await dialog().getByLabel('Name').fill('tablet')
  await dialog().getByRole('button', { name: 'Show the plan' }).click()
  const plan = dialog().locator('[data-plan]')
  await plan.getByText('2 services take up new files').waitFor()
  await plan.getByText('wg0.conf').click()
  await plan.getByText('[Peer]').waitFor()
  assert.deepEqual(await names(), before)
})

test('an objection to a field out of sight brings it into sight', async () => {
  await dialog().getByText('More settings').click()
  await dialog().getByLabel('Address').fill('192.168.200.1')
  await dialog().getByText('More settings').click()
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await focused(dialog().getByLabel('Address'))
  assert.equal(await dialog().getByLabel('Address').getAttribute('aria-invalid'), 'true')
  await dialog().getByLabel('Address').fill('')
})

test('a one-time link keeps the key in the vault until somebody uses it, once', async () => {
  const { page, cell } = here
  await dialog().getByLabel('Do not show it now').check()
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().getByRole('button', { name: 'Make a one-time link' }).click()
  const link = await dialog().locator('[data-secret]').innerText()
  assert.ok(link.startsWith(cell.url))
  assert.equal((await peer('tablet')).has_private_key, true)
  assert.match(await (await fetch(link)).text(), /PrivateKey = /)
  assert.equal((await fetch(link)).status, 404)
  await page.keyboard.press('Escape')
  assert.deepEqual(await names(), ['phone', 'tablet'])
})

test('a switch in the list, and its way back', async () => {
  const { page } = here
  await page.getByRole('switch', { name: 'Enable phone' }).click()
  await toast(page, 'Disabled phone').getByRole('button', { name: 'Undo' }).click()
  await toast(page, 'Undone').waitFor()
  await eventually('phone is on again', async () => (await peer('phone')).enabled)
  await eventually('and the switch says so', async () => (await page.getByRole('switch', { name: 'Enable phone' }).getAttribute('aria-checked')) === 'true')
})

test('a change that somebody else overtook shows both versions', async () => {
  const { page, cell } = here
  await row('phone').getByRole('button', { name: 'phone' }).click()
  const form = dialog().locator('form')
  await form.getByLabel('Owner').fill('Ada')
  const { id } = await peer('phone')
  await cell.call('PATCH', `/peers/${id}`, { owner: 'Bob' })
  await form.getByRole('button', { name: 'Save' }).click()
  const conflict = dialog().locator('[data-conflict]')
  await conflict.waitFor()
  assert.match(await conflict.innerText(), /Ada[\s\S]*Bob/)
  await conflict.getByRole('button', { name: 'Keep mine' }).click()
  await toast(page, 'Changed phone').waitFor()
  assert.equal((await peer('phone')).owner, 'Ada')
  await page.keyboard.press('Escape')
})

test('policy: which services it may reach, and none is not all', async () => {
  const { page } = here
  await row('phone').getByRole('button', { name: 'phone' }).click()
  await dialog().getByText('More settings').click()
  await dialog().getByLabel('Only these').check()
  await dialog().getByRole('checkbox', { name: 'DNS' }).check()
  await dialog().getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed phone').waitFor()
  await eventually('only DNS', async () => JSON.stringify((await peer('phone')).services) === '["dns"]')
  await page.keyboard.press('Escape')
})

test('new keys are a change with a plan, and the old configuration is gone', async () => {
  const { page } = here
  const before = (await peer('phone')).public_key
  await row('phone').getByRole('button', { name: 'phone' }).click()
  await dialog().getByRole('button', { name: 'Rotate keys' }).click()
  const plan = page.getByRole('dialog', { name: 'New keys for phone' })
  await plan.locator('[data-plan]').waitFor()
  await plan.getByRole('button', { name: 'Rotate keys' }).click()
  await toast(page, 'phone has new keys').waitFor()
  assert.notEqual((await peer('phone')).public_key, before)
  await dialog().getByRole('button', { name: 'Show QR code and file' }).click()
  await page.getByRole('img', { name: 'QR code of the configuration of phone' }).waitFor()
  await page.keyboard.press('Escape')
})

test('many at once: all or none, and by name where one is refused', async () => {
  const { page } = here
  await page.getByRole('button', { name: 'Add several' }).click()
  await dialog().getByLabel('Names').fill('tv, radio\nphone')
  await dialog().getByRole('button', { name: 'Add 3 devices' }).click()
  await dialog().getByText('phone: ').waitFor()
  assert.deepEqual(await names(), ['phone', 'tablet'])
  await dialog().getByLabel('Names').fill('tv, radio\nclock')
  await dialog().getByRole('button', { name: 'Add 3 devices' }).click()
  await toast(page, 'Added 3 devices').waitFor()
  assert.deepEqual(await names(), ['clock', 'phone', 'radio', 'tablet', 'tv'])
})

test('bulk changes, undone as one', async () => {
  const { page } = here
  await page.getByRole('searchbox').fill('10.10')
  for (const name of ['tv', 'radio']) await page.getByRole('checkbox', { name: `Choose ${name}` }).check()
  await page.getByRole('toolbar').getByRole('button', { name: 'Remove' }).click()
  await toast(page, 'Removed 2 devices').getByRole('button', { name: 'Undo' }).click()
  await eventually('both are back', async () => (await names()).includes('tv') && (await names()).includes('radio'))
  await row('radio').waitFor()
})

test('a removed device says so to whoever has it open', async () => {
  const { page, cell } = here
  await row('tv').getByRole('button', { name: 'tv' }).click()
  await dialog().getByText('Get it onto the device').waitFor()
  await cell.call('DELETE', `/peers/${(await peer('tv')).id}`)
  await dialog().getByText('There is no such device at this moment').waitFor()
  await page.keyboard.press('Escape')
})

here.ends()
