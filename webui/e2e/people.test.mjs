// People and what they may do: a person is added, signs in, sees without being able to change; certificates come and go.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signIn } from './browser.mjs'
import { eventually } from './cell.mjs'
import { page_of, stage, toast } from './stage.mjs'

const here = stage()
const dialog = () => here.page.getByRole('dialog')
const grace = { username: 'grace', password: 'nanoseconds in a wire' }

test('a group, and a person in it; a short password is said at its field', async () => {
  const { page, cell } = here
  await page.goto('/people?tab=groups')
  await page.getByRole('button', { name: 'Add a group' }).first().click()
  await dialog().getByLabel('Name').fill('family')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added family').waitFor()
  await page.getByRole('tab', { name: 'People' }).click()
  await page.getByRole('button', { name: 'Add a person' }).first().click()
  await dialog().getByLabel('User name').fill(grace.username)
  await dialog().getByLabel('Password').fill('short')
  await dialog().getByLabel('Role').selectOption('viewer')
  await dialog().getByRole('checkbox', { name: 'family' }).check()
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await eventually('an objection', async () => (await dialog().locator('[data-error]').count()) + (await dialog().getByRole('alert').count()))
  await dialog().getByLabel('Password').fill(grace.password)
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added grace').waitFor()
  const { items } = await cell.call('GET', '/users')
  const made = items.find(({ username }) => username === 'grace')
  assert.equal(made.role, 'viewer')
  assert.equal(made.groups.length, 1)
})

test('who may only look sees everything and can change nothing, and the page says so', async () => {
  const { browser, cell } = here
  await cell.call('POST', '/peers', { name: 'laptop' })
  const viewer = await browser.person(cell)
  await signIn(viewer, grace)
  await viewer.goto('/peers')
  await viewer.getByRole('button', { name: /^laptop/ }).waitFor()
  assert.ok(await viewer.getByRole('button', { name: 'Add a device' }).isDisabled())
  assert.ok(await viewer.getByRole('switch', { name: 'Enable laptop' }).isDisabled())
  await viewer.goto('/settings')
  await viewer.getByText('You may look at this, but not change it.').waitFor()
  await viewer.goto('/')
  await page_of(viewer, 'Cell home').waitFor()
  assert.deepEqual(viewer.faults, [])
})

test('a person is changed, gets a new password and is removed', async () => {
  const { page, cell } = here
  await page.getByRole('button', { name: 'grace' }).first().click()
  await dialog().getByLabel('E-mail').fill('not an address')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await dialog().locator('[data-error]').waitFor()
  await dialog().getByLabel('E-mail').fill('grace@home.example')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed grace').waitFor()
  await page.getByRole('button', { name: 'grace' }).first().click()
  await dialog().getByRole('button', { name: 'Set a new password' }).click()
  await dialog().getByLabel('Password', { exact: true }).fill('another wire of nanoseconds')
  await dialog().getByRole('button', { name: 'Set a new password' }).click()
  await toast(page, 'grace has a new password').waitFor()
  await cell.call('POST', '/session', { username: 'grace', password: 'another wire of nanoseconds' })
  await cell.signIn()
  await dialog().getByRole('button', { name: 'Remove this person' }).click()
  await toast(page, 'Removed grace').waitFor()
  await eventually('grace is gone', async () => (await cell.call('GET', '/users')).items.every(({ username }) => username !== 'grace'))
})

test('a certificate is issued with its key shown once, and revoked by its plan', async () => {
  const { page, cell } = here
  await page.goto('/vault')
  await page.getByRole('button', { name: 'Download the root' }).waitFor()
  await page.getByRole('button', { name: 'Issue a certificate' }).first().click()
  await dialog().getByLabel('Subject').fill('nas.cell.home.arpa')
  await dialog().getByLabel('Names and addresses').fill('nas.cell.home.arpa')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  const key = page.getByRole('dialog', { name: 'Its private key' })
  await key.locator('[data-secret]').waitFor()
  assert.match(await key.locator('[data-secret]').innerText(), /PRIVATE KEY/)
  await key.getByRole('button', { name: 'I have kept it' }).click()
  await page.getByRole('button', { name: 'nas.cell.home.arpa' }).first().click()
  await dialog().getByRole('button', { name: 'Revoke', exact: true }).click()
  const plan = page.getByRole('dialog', { name: 'Revoke' })
  await plan.locator('[data-plan]').waitFor()
  await plan.getByRole('button', { name: 'Revoke', exact: true }).click()
  await toast(page, 'Revoked nas.cell.home.arpa').waitFor()
  const { items } = await cell.call('GET', '/vault/certificates')
  assert.ok(items.find(({ subject }) => subject.includes('nas')).revoked_at)
})

here.ends()
