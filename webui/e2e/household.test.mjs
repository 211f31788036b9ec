// Mail, calendars and sites: what is made on a page is there for a program that knows nothing of us.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from './cell.mjs'
import { installed, isRoot, stage, toast } from './stage.mjs'

const here = stage()
const dialog = () => here.page.getByRole('dialog')
const run = promisify(execFile)
const grace = { username: 'grace', password: 'nanoseconds in a wire' }
const live = (text, service) => toast(here.page, text).locator(`[data-service="${service}"][data-stage="live"]`).waitFor()

test('a mailbox and an alias of a further domain', async () => {
  const { page, cell } = here
  await cell.call('POST', '/users', { ...grace, role: 'member' })
  await page.goto('/mail')
  await page.getByText('grace@cell.home.arpa').waitFor()
  await page.getByRole('tab', { name: 'Domains' }).click()
  await page.getByRole('button', { name: 'Add a domain' }).first().click()
  await dialog().getByLabel('Domain').fill('no domain')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-error]').waitFor()
  await dialog().getByLabel('Domain').fill('example.org')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added example.org').waitFor()

  await page.getByRole('tab', { name: 'Mailboxes' }).click()
  await page.getByRole('button', { name: 'Add a mailbox' }).first().click()
  await dialog().getByLabel('Address').fill('office@elsewhere.example')
  await dialog().getByLabel('Whose it is').selectOption({ label: 'grace' })
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await eventually('an objection', async () => (await dialog().locator('[data-error]').count()) + (await dialog().getByRole('alert').count()))
  await dialog().getByLabel('Address').fill('office@example.org')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added office@example.org').waitFor()
  if (isRoot && installed('postfix', 'dovecot')) await live('Added office@example.org', 'mail')

  await page.getByRole('tab', { name: 'Aliases' }).click()
  await page.getByRole('button', { name: 'Add an alias' }).first().click()
  await dialog().getByLabel('Address').fill('family@cell.home.arpa')
  await dialog().getByLabel('Goes to').fill('nonsense')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-error]').waitFor()
  await dialog().getByLabel('Goes to').fill('grace@cell.home.arpa\noffice@example.org')
  await dialog().getByRole('button', { name: 'Show the plan' }).click()
  await dialog().locator('[data-plan]').waitFor()
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added family@cell.home.arpa').waitFor()
  assert.deepEqual((await cell.call('GET', '/mail/aliases')).items[0].targets, ['grace@cell.home.arpa', 'office@example.org'])

  await page.getByRole('button', { name: 'family@cell.home.arpa' }).click()
  await dialog().getByRole('button', { name: 'Remove this alias' }).click()
  await page.getByText('No aliases yet').waitFor()
  await toast(page, 'Removed family@cell.home.arpa').getByRole('button', { name: 'Undo' }).click()
  await eventually('it is back', async () => (await cell.call('GET', '/mail/aliases')).items.length === 1)
})

test('the records to publish, and a click copies one', async () => {
  const { page } = here
  await page.goto('/mail?tab=publish')
  await page.getByText('cell.home.arpa is known within this cell only').waitFor()
  await page.getByLabel('Domain', { exact: true }).selectOption('example.org')
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.locator('[data-publish="mx"]').getByRole('button', { name: 'Copy: MX Value' }).click()
  await page.getByRole('button', { name: 'Copied' }).waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), '10 mail.cell.home.arpa.')
  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'As a zone file' }).click()])
  assert.equal(saved.suggestedFilename(), 'example.org.mail.zone')
})

test('a further calendar is there for a CalDAV client, and its addresses can be copied', async () => {
  const { page, cell } = here
  await page.goto('/calendar')
  await page.getByRole('button', { name: 'Add a collection' }).first().click()
  await dialog().getByLabel('Name').fill('two words')
  await dialog().getByLabel('Whose it is').selectOption({ label: 'grace' })
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="name"] [data-error]').waitFor()
  await dialog().getByLabel('Name').fill('work')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added work').waitFor()
  if (installed('radicale')) {
    await live('Added work', 'calendar')
    const asked = await fetch(`http://127.0.0.1:${cell.ports.calendar}/grace/work/`, { method: 'PROPFIND', headers: { Depth: '0', Authorization: `Basic ${btoa(`${grace.username}:${grace.password}`)}` } })
    assert.equal(asked.status, 207)
  }
  await page.getByRole('tab', { name: 'Connect a device' }).click()
  await page.getByLabel('For').selectOption('grace')
  await page.getByText('https://calendar.cell.home.arpa/grace/personal/').waitFor()
  await page.getByRole('tab', { name: 'Collections' }).click()
  await page.getByRole('button', { name: 'work' }).click()
  await dialog().getByRole('button', { name: 'Close this collection' }).click()
  await page.getByText('No further collections').waitFor()
})

const upstream = createServer((_, answer) => answer.end('the wiki'))
after(() => upstream.close())

test('a site is served over HTTPS, switched off and on, changed and removed', async () => {
  const { page, cell } = here
  await new Promise((done) => upstream.listen(0, '127.0.0.1', done))
  const { port } = upstream.address()
  await page.goto('/proxy')
  await page.getByRole('button', { name: 'Add a site' }).first().click()
  await dialog().getByLabel('Name').fill('wiki.cell.home.arpa')
  await dialog().getByLabel('Goes to').fill('nowhere')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="upstream"] [data-error]').waitFor()
  await dialog().getByLabel('Goes to').fill(`127.0.0.1:${port}`)
  await dialog().getByRole('button', { name: 'Show the plan' }).click()
  await dialog().locator('[data-plan]').getByText('Caddyfile').waitFor()
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added wiki.cell.home.arpa').waitFor()
  const https = cell.ports.https
  const ask = async () => (await run('curl', ['-sk', '--resolve', `wiki.cell.home.arpa:${https}:127.0.0.1`, `https://wiki.cell.home.arpa:${https}/`]).catch(() => ({ stdout: '' }))).stdout
  const serves = installed('caddy', 'curl')
  if (serves) {
    await live('Added wiki.cell.home.arpa', 'proxy')
    await eventually('the site answers', async () => (await ask()) === 'the wiki')
  }
  await page.getByRole('switch', { name: 'Serve wiki.cell.home.arpa' }).click()
  await toast(page, 'wiki.cell.home.arpa is off').waitFor()
  if (serves) await eventually('the site is off', async () => (await ask()) !== 'the wiki')
  await toast(page, 'wiki.cell.home.arpa is off').getByRole('button', { name: 'Undo' }).click()
  if (serves) await eventually('the site is back', async () => (await ask()) === 'the wiki')

  await page.getByRole('button', { name: 'wiki.cell.home.arpa' }).click()
  await dialog().getByLabel('Certificate').selectOption({ label: "A public authority's" })
  await dialog().getByText('The name has to lead here from the internet.').waitFor()
  await dialog().getByRole('button', { name: 'Show the plan' }).click()
  await dialog().locator('[data-plan]').waitFor()
  await dialog().getByRole('button', { name: 'Discard changes' }).click()
  await dialog().getByRole('button', { name: 'Remove this site' }).click()
  await page.getByText('No sites yet').waitFor()
})

test('where a service is off, the page says so and turns it on', async () => {
  const { page, cell } = here
  await cell.call('PATCH', '/services/calendar', { enabled: false })
  await page.goto('/calendar')
  await page.getByText('Calendar and contacts is off').waitFor()
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await page.getByText('Calendar and contacts is off').waitFor({ state: 'detached' })
})

test('cells cannot be linked yet, and the page says so', async () => {
  const { page } = here
  await page.goto('/cells')
  await page.getByText('Your cell stands by itself').waitFor()
})

here.ends()
