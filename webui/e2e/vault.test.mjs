// The way back, and who came in: the recovery kit and its drill behind a fresh sign-in, a backup that is restored, the access
// log, ports, and findings.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { eventually, owner } from './cell.mjs'
import { page_of, stage, toast } from './stage.mjs'

const here = stage()
const dialog = (name) => here.page.getByRole('dialog', name ? { name } : {})
const passphrase = 'a passphrase for the test'

test('the recovery kit is shown once, on a page that can be printed', async () => {
  const { page } = here
  await page.goto('/vault?tab=recovery')
  await page.getByRole('button', { name: 'Show the recovery kit' }).click()
  await dialog('Recovery kit').getByRole('img', { name: 'QR code of the recovery kit' }).waitFor()
  here.kit = await dialog().locator('[data-secret]').innerText()
  assert.ok(here.kit.length > 20)
  await page.emulateMedia({ media: 'print' })
  assert.ok(await page.getByText('Recovery kit of the cell home').isVisible())
  assert.ok(!(await page.getByRole('heading', { level: 1, name: 'Vault', includeHidden: true }).isVisible()), 'nothing else is on the paper')
  await page.emulateMedia({ media: 'screen' })
  // A stray Escape does not lose it.
  await page.keyboard.press('Escape')
  await dialog().getByRole('button', { name: 'I have kept it' }).click()
})

test('the drill says whether the paper works', async () => {
  const { page } = here
  await page.getByRole('button', { name: 'Try the kit' }).click()
  await dialog().getByLabel('What is on the paper').fill('PIC-NOT-A-KIT')
  await dialog().getByRole('button', { name: 'Try it' }).click()
  await dialog().locator('[data-error]').waitFor()
  await dialog().getByLabel('What is on the paper').fill(here.kit)
  await dialog().getByRole('button', { name: 'Try it' }).click()
  await dialog().getByText('The paper works').waitFor()
  await dialog().getByRole('button', { name: 'Done' }).click()
})

test('a new master key: the old kit no longer opens the vault', async () => {
  const { page } = here
  await page.getByRole('button', { name: 'Change the master key' }).click()
  await dialog().getByRole('button', { name: 'Change the master key' }).click()
  await toast(page, 'The vault has a new master key').waitFor()
  await page.getByRole('button', { name: 'Try the kit' }).click()
  await dialog().getByLabel('What is on the paper').fill(here.kit)
  await dialog().getByRole('button', { name: 'Try it' }).click()
  await dialog().locator('[data-error]').waitFor()
  await page.keyboard.press('Escape')
})

test('what wants a fresh sign-in asks for the password over the page, and goes on', async () => {
  const { page } = here
  // As after five minutes: the first answer is what the daemon says then.
  let asked = 0
  await page.route('**/api/v1/vault/recovery-kit', (route) =>
    asked++ ? route.continue() : route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/step_up_required', title: 'Sign in again for this', status: 403, code: 'step_up_required', detail: 'Sign in again for this.' }) }),
  )
  await page.getByRole('button', { name: 'Show the recovery kit' }).click()
  await dialog('Is it still you?').getByLabel('Password').fill('not it')
  await dialog('Is it still you?').getByRole('button', { name: 'Confirm' }).click()
  await dialog('Is it still you?').getByRole('alert').waitFor()
  await dialog('Is it still you?').getByLabel('Password').fill(owner.password)
  await dialog('Is it still you?').getByRole('button', { name: 'Confirm' }).click()
  await dialog('Recovery kit').locator('[data-secret]').waitFor()
  await dialog('Recovery kit').getByRole('button', { name: 'I have kept it' }).click()
  await page.unroute('**/api/v1/vault/recovery-kit')
})

test('a secret: made by the cell, looked at after a fresh sign-in, given a new value, destroyed', async () => {
  const { page, cell } = here
  await page.getByRole('tab', { name: 'Secrets' }).click()
  await page.getByRole('button', { name: 'Keep a secret' }).first().click()
  await dialog().getByLabel('Name').fill('No Name!')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="name"] [data-error]').waitFor()
  await dialog().getByLabel('Name').fill('backup-bucket')
  await dialog().getByLabel('Let the cell make the value').click()
  await dialog().getByRole('textbox', { name: 'Value' }).fill('two\nlines')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added backup-bucket').waitFor()
  assert.deepEqual((await cell.call('GET', '/vault/secrets')).items.map(({ name, versions }) => [name, versions.length]), [['backup-bucket', 1]])

  await page.getByRole('button', { name: 'backup-bucket' }).click()
  let asked = 0
  const reveal = '**/api/v1/vault/secrets/backup-bucket/reveal'
  await page.route(reveal, (route) =>
    asked++ ? route.continue() : route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/step_up_required', title: 'Sign in again for this', status: 403, code: 'step_up_required', detail: 'Sign in again for this.' }) }),
  )
  await dialog('backup-bucket').getByRole('button', { name: 'Look at value 1' }).click()
  await dialog('Is it still you?').getByLabel('Password').fill(owner.password)
  await dialog('Is it still you?').getByRole('button', { name: 'Confirm' }).click()
  await eventually('it is shown', async () => (await page.locator('[data-secret]').innerText()) === 'two\nlines')
  await page.unroute(reveal)
  await page.getByRole('button', { name: 'Done' }).click()
  await dialog('backup-bucket').getByText('never', { exact: true }).waitFor({ state: 'detached' })
  assert.equal((await cell.call('GET', '/events?type=SecretRevealed')).items.length, 1)

  await dialog('backup-bucket').getByRole('button', { name: 'A new value' }).click()
  await dialog('backup-bucket').getByRole('button', { name: 'Change the value' }).click()
  await toast(page, 'backup-bucket has a new value').waitFor()
  await dialog('backup-bucket').locator('[data-version="2"]').getByText('current').waitFor()
  await dialog('backup-bucket').getByRole('button', { name: 'Look at value 2' }).click()
  await eventually('the new one is shown', async () => (await page.locator('[data-secret]').innerText()).length === 43)
  await page.getByRole('button', { name: 'Done' }).click()
  await dialog('backup-bucket').getByLabel('Change it every so many days').fill('0')
  await dialog('backup-bucket').getByRole('button', { name: 'Save' }).click()
  await dialog('backup-bucket').locator('[data-field="rotate_days"] [data-error]').waitFor()
  await dialog('backup-bucket').getByLabel('Change it every so many days').fill('90')
  await dialog('backup-bucket').getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed backup-bucket').waitFor()

  await page.getByRole('button', { name: 'backup-bucket' }).click()
  await dialog('backup-bucket').getByRole('button', { name: 'Destroy it' }).click()
  await page.getByText('No secrets yet').waitFor()
  assert.ok(!(await page.evaluate(() => JSON.stringify(sessionStorage))).includes('lines'), 'no draft keeps a secret')
})

test("the root's key goes offline, and renews the intermediate from there", async () => {
  const { page } = here
  await page.goto('/vault')
  await page.getByRole('button', { name: "Take the root's key offline" }).click()
  await dialog().locator('[data-plan]').waitFor()
  await dialog().getByRole('button', { name: "Take the root's key offline" }).click()
  const key = await dialog("Root's key").locator('[data-secret]').innerText()
  assert.match(key, /BEGIN PRIVATE KEY/)
  await dialog("Root's key").getByRole('button', { name: 'I have kept it' }).click()
  await page.getByText('taken offline').waitFor()
  await page.getByRole('button', { name: 'Renew the intermediate' }).click()
  await dialog().getByLabel("The root's key").fill('not a key')
  await dialog().getByRole('button', { name: 'Renew the intermediate' }).click()
  await eventually('an objection', async () => (await dialog().locator('[data-error]').count()) + (await dialog().getByRole('alert').count()))
  await dialog().getByLabel("The root's key").fill(key)
  await dialog().getByRole('button', { name: 'Renew the intermediate' }).click()
  await toast(page, 'Renewed the intermediate').waitFor()
})

test('the access log tells who came in and who was turned away, as it happens', async () => {
  const { page, cell } = here
  await page.goto('/logs?tab=access')
  await page.getByRole('row').filter({ hasText: 'signed in' }).first().waitFor()
  await fetch(`${cell.url}/api/v1/session`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ username: 'mallory', password: 'guess number one' }) })
  await page.getByRole('row').filter({ hasText: 'turned away' }).filter({ hasText: 'mallory' }).waitFor()
  await page.getByLabel('What happened').selectOption('confirmed')
  await page.getByRole('row').filter({ hasText: 'confirmed who it is' }).first().waitFor()
  await eventually('nothing else', async () => (await page.getByRole('row').filter({ hasText: 'mallory' }).count()) === 0)
})

test('what programs said and who came in is one stream, searched as one, and live', async () => {
  const { page, cell } = here
  await page.goto('/logs')
  const log = page.getByRole('log', { name: 'What was said' })
  await log.locator('time').first().waitFor()
  await page.getByLabel('Search in the logs').fill('mallory turned')
  await log.locator('mark', { hasText: 'mallory' }).first().waitFor()
  await page.getByLabel('Search in the logs').fill('nobody ever said this')
  await log.getByText('Nobody has said that.').waitFor()
  await page.getByLabel('Search in the logs').fill('')
  await page.getByLabel('By whom').selectOption('dns')
  assert.equal(await log.getByText('Access').count(), 0)
  const count = async () => Number((await page.getByText(/^[\d,]+ lines?$/).innerText()).replace(/\D/g, ''))
  await eventually('some lines', async () => (await count()) > 0)
  // A new record makes CoreDNS say that it reloaded; nobody reloads the page.
  await page.getByLabel('Search in the logs').fill('zones: serving')
  const before = await count()
  await cell.call('POST', '/dns/records', { name: 'heard', type: 'A', value: '192.168.1.77' })
  await eventually('it is heard', async () => (await count()) > before)
})

test('the local runtime says that it has no stack; with one, a port is changed, not to one that is taken', async () => {
  const { page, cell } = here
  await page.goto('/settings?tab=ports')
  await page.getByText('There is no stack here').waitFor()
  await cell.call('POST', '/stack/environment', { variables: [{ name: 'CELL_NETWORK', value: '172.20.0.0/16' }] })
  const http = page.getByLabel('HTTP', { exact: true })
  await http.waitFor()
  // 8081 is the web interface's, and its field says so.
  for (const [wrong, field] of [['70000', 'http_port'], ['8081', 'webui_port']]) {
    await http.fill(wrong)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator(`[data-field="${field}"] [data-error]`).waitFor()
  }
  await http.fill('8099')
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed ports and addresses').waitFor()
  assert.equal((await cell.call('GET', '/stack')).http_port, 8099)
})

test('a finding says what helps, is ignored, and heard of again', async () => {
  const { page } = here
  // Machines differ in what is wrong with them; here one thing is.
  const finding = { id: 'clock-not-synchronised', service: null, severity: 'warning', what: 'Nothing keeps the clock right', why: 'It goes wrong by itself.', fix: 'Set it.', since: new Date().toISOString() }
  const { items } = await here.cell.call('GET', '/findings')
  const real = items.some(({ id }) => id === finding.id)
  const ignored = async () => (await here.cell.call('GET', '/config')).ignored_findings ?? []
  if (!real) await page.route('**/api/v1/findings', async (route) => route.fulfill({ json: { items: [{ ...finding, ignored: (await ignored()).length > 0 }] } }))
  await page.goto('/')
  const one = page.locator('[data-finding="clock-not-synchronised"]')
  await one.getByText('What helps:').waitFor()
  await one.getByRole('button', { name: 'Ignore it' }).click()
  await page.getByText(/^\d+ ignored$/).click()
  await one.getByRole('button', { name: 'Hear of it again' }).click()
  await one.getByRole('button', { name: 'Ignore it' }).waitFor()
})

test('a backup takes the place of the cell, not with a wrong passphrase', async () => {
  const { page, cell } = here
  await cell.call('POST', '/peers', { name: 'before' })
  await page.goto('/settings?tab=backup')
  await page.locator('[data-backup]').getByLabel('Passphrase').fill(passphrase)
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download a backup' }).click()])
  await cell.call('POST', '/peers', { name: 'after' })
  const form = page.locator('[data-restore]')
  await form.getByLabel('Backup file').setInputFiles({ name: 'cell.pic', mimeType: 'application/octet-stream', buffer: await readFile(await saved.path()) })
  await form.getByText('Everything here is replaced').waitFor()
  await form.getByLabel('Passphrase').fill('not the passphrase')
  await form.getByRole('button', { name: 'Replace this cell' }).click()
  await eventually('an objection', async () => (await form.locator('[data-error]').count()) + (await form.getByRole('alert').count()))
  await form.getByLabel('Passphrase').fill(passphrase)
  await form.getByRole('button', { name: 'Replace this cell' }).click()
  await eventually('the cell of the next epoch', async () => (await (await fetch(`${cell.url}/readyz`)).json()).epoch === 2)
  await page.waitForURL(`${cell.url}/`)
  await page_of(page, 'Cell home').waitFor()
  await cell.signIn()
  assert.deepEqual((await cell.call('GET', '/peers')).items.map(({ name }) => name), ['before'])
})

here.ends()
