// Settings: identity, services, tokens, agents, a backup, export and import, appearance; and somebody who may only look.
import assert from 'node:assert/strict'
import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { eventually } from './cell.mjs'
import { stage, toast } from './stage.mjs'

const here = stage()
const dialog = () => here.page.getByRole('dialog')
const open = (tab) => here.page.goto(`/settings?tab=${tab}`)

test('identity: a public range is refused at its field, a new domain moves every name', async () => {
  const { page, cell } = here
  await open('identity')
  await page.getByLabel('VPN range', { exact: true }).fill('8.8.8.0/24')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('[data-error]').waitFor()
  await page.getByRole('button', { name: 'Discard changes' }).click()
  await page.getByLabel('Domain').fill('home.example')
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.locator('[data-plan]').getByText('zones/home.example.zone').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, "Changed the cell's settings").locator('[data-service="dns"][data-stage="live"]').waitFor()
  assert.equal((await cell.call('GET', '/cell')).domain, 'home.example')
  await page.getByRole('navigation').getByText('home.example').waitFor()
})

test('a service is switched off and on', async () => {
  const { page, cell } = here
  await open('services')
  const dns = async () => (await cell.call('GET', '/services/dns')).enabled
  await page.getByRole('switch', { name: 'Run DNS' }).click()
  await eventually('off', async () => !(await dns()))
  await toast(page, 'DNS is off').getByRole('button', { name: 'Undo' }).click()
  await eventually('on', dns)
})

test('a token is shown once, works with its rights alone, and is revoked', async () => {
  const { page, cell } = here
  await open('tokens')
  await page.getByRole('button', { name: 'Make a token' }).click()
  await dialog().getByLabel('Name').fill('monitoring')
  await dialog().getByRole('button', { name: 'Make it' }).click()
  await dialog().locator('[data-error]').waitFor()
  await dialog().getByLabel('peers', { exact: true }).selectOption('read')
  await dialog().getByLabel('Only from these networks').fill('nowhere')
  await dialog().getByRole('button', { name: 'Make it' }).click()
  await dialog().locator('[data-field="sources"] [data-error]').waitFor()
  await dialog().getByLabel('Only from these networks').fill('127.0.0.0/8')
  await dialog().getByRole('button', { name: 'Make it' }).click()
  const token = await dialog().locator('[data-secret]').innerText()
  assert.match(token, /^pic_/)
  const ask = (at) => fetch(`${cell.url}/api/v1${at}`, { headers: { Authorization: `Bearer ${token}` } })
  assert.equal((await ask('/peers')).status, 200)
  assert.equal((await ask('/cell')).status, 403)
  await dialog().getByRole('button', { name: 'Done' }).click()
  await page.getByText('only from 127.0.0.0/8').waitFor()
  await page.getByText(/^used .* from 127\.0\.0\.1/).waitFor()
  await page.getByRole('button', { name: 'Revoke' }).click()
  await toast(page, 'Revoked monitoring').waitFor()
  assert.equal((await ask('/peers')).status, 401)
})

test('a subscriber is let in by its key, to some events alone, and revoked', async () => {
  const { page, cell } = here
  await open('agents')
  await page.getByRole('button', { name: 'Invite a subscriber' }).click()
  await dialog().getByLabel('Name').fill('archive')
  await dialog().getByLabel('Events that it may read').fill('nonsense')
  await dialog().getByRole('button', { name: 'Invite a subscriber' }).click()
  await eventually('an objection', async () => (await dialog().locator('[data-error]').count()) + (await dialog().getByRole('alert').count()))
  await dialog().getByLabel('Events that it may read').fill('peers:read')
  await dialog().getByText('More settings').click()
  await dialog().getByLabel('Public key').fill('Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID')
  await dialog().getByRole('button', { name: 'Invite a subscriber' }).click()
  const archive = page.getByRole('listitem').filter({ hasText: 'archive' })
  await archive.getByText('peers:read').waitFor()
  await archive.getByText(/^enrolled/).waitFor()
  await archive.getByRole('button', { name: 'Revoke' }).click()
  await eventually('it is gone', async () => !(await cell.call('GET', '/subscribers')).items.length)
})

test('a service has a page of its own: how it is, what it said, what happened to it', async () => {
  const { page, cell } = here
  await cell.call('PATCH', '/services/dns', { enabled: false })
  await cell.call('PATCH', '/services/dns', { enabled: true })
  await cell.applied('dns')
  await page.goto('/')
  await page.getByRole('link', { name: 'DNS', exact: true }).click()
  await dialog().getByRole('log', { name: 'What was said' }).locator('time').first().waitFor()
  await dialog().getByRole('button', { name: 'Apply again' }).click()
  await dialog().locator('[data-operation="done"]').getByText('Apply again').waitFor()
  await dialog().getByRole('button', { name: 'Restart' }).click()
  await dialog().locator('[data-operation="done"]').getByText('Restart').waitFor()
  await dialog().getByText('History').click()
  await eventually('its events', async () => (await dialog().locator('[data-history="service-dns"] [data-seq]').count()) >= 2)
  await dialog().getByRole('link', { name: 'Logs' }).click()
  await page.getByRole('log', { name: 'What was said' }).locator('time').first().waitFor()
})

test('an agent is invited by a token, and revoked', async () => {
  const { page, cell } = here
  await open('agents')
  await page.getByRole('button', { name: 'Invite an agent' }).click()
  await dialog().getByLabel('Name').fill('attic')
  await dialog().getByLabel('Services').fill('dns')
  await dialog().getByRole('button', { name: 'Invite an agent' }).click()
  const invitation = await dialog().locator('[data-secret]').innerText()
  assert.match(await dialog().getByLabel('Command that starts the agent', { exact: true }).innerText(), new RegExp(`${invitation} pic-agent .*--services dns`))
  await dialog().getByRole('button', { name: 'Done' }).click()
  const attic = page.getByRole('listitem').filter({ hasText: 'attic' })
  await attic.getByText('has not used its token yet').waitFor()
  await attic.getByRole('button', { name: 'Revoke' }).click()
  await eventually('it is gone', async () => !(await cell.call('GET', '/agents')).items.some(({ name }) => name === 'attic'))
})

test('a backup is a file, not without a passphrase', async () => {
  const { page } = here
  await open('backup')
  await page.getByRole('button', { name: 'Download a backup' }).click()
  await eventually('an objection', async () => (await page.locator('[data-backup] [data-error]').count()) + (await page.locator('[data-backup] [role=alert]').count()))
  await page.locator('[data-backup]').getByLabel('Passphrase').fill('a passphrase for the test')
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download a backup' }).click()])
  assert.match(saved.suggestedFilename(), /\.pic$/)
  assert.ok((await stat(await saved.path())).size > 1000)
})

test('the configuration goes out, and comes in as one change with a plan', async () => {
  const { page, cell } = here
  await cell.call('POST', '/peers', { name: 'laptop' })
  await open('config')
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download cell_config.json' }).click()])
  const config = JSON.parse(await readFile(await saved.path(), 'utf8'))
  await page.getByLabel('File').setInputFiles({ name: 'broken.json', mimeType: 'application/json', buffer: Buffer.from('{') })
  await page.locator('[data-error]').waitFor()
  await cell.call('DELETE', `/peers/${(await cell.call('GET', '/peers')).items[0].id}`)
  const file = path.join(cell.folder, 'cell_config.json')
  await writeFile(file, JSON.stringify(config))
  await page.getByLabel('File').setInputFiles(file)
  await page.getByRole('button', { name: 'Look at the plan' }).click()
  await dialog().locator('[data-plan]').waitFor()
  await dialog().getByRole('button', { name: 'Make it so' }).click()
  await toast(page, 'Imported the configuration').waitFor()
  await eventually('laptop is back', async () => (await cell.call('GET', '/peers')).items.some(({ name }) => name === 'laptop'))
})

test('a theme is kept', async () => {
  const { page } = here
  await open('appearance')
  await page.getByLabel('Dark').check()
  assert.equal(await page.evaluate(() => document.documentElement.className), 'dark')
  await page.reload()
  assert.equal(await page.evaluate(() => document.documentElement.className), 'dark')
  await page.getByLabel('As the system').check()
})

here.ends()
