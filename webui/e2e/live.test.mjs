// Two browsers, a killed daemon, a session that ends elsewhere: the page stays honest, and nothing typed is lost.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signIn } from './browser.mjs'
import { eventually, owner } from './cell.mjs'
import { stage, toast } from './stage.mjs'

const here = stage({ supervised: false })
const dialog = (page) => page.getByRole('dialog')

test('two browsers on the same page do not differ', async () => {
  const { page, browser, cell } = here
  const other = (here.other = await browser.person(cell))
  await signIn(other, owner)
  await Promise.all([page.goto('/peers'), other.goto('/peers')])
  await other.getByText('No devices yet').waitFor()
  await page.getByRole('button', { name: 'Add a device' }).first().click()
  await dialog(page).getByLabel('Name').fill('laptop')
  await dialog(page).getByRole('button', { name: 'Add it' }).click()
  await other.getByRole('button', { name: 'laptop' }).first().waitFor()
  await other.getByRole('switch', { name: 'Enable laptop' }).click()
  await page.getByRole('switch', { name: 'Enable laptop', checked: false, includeHidden: true }).waitFor({ state: 'attached' })
  await dialog(page).getByRole('button', { name: 'Done' }).click()
  assert.deepEqual(other.faults, [])
})

test('a killed daemon: the page says so, keeps what it knows and what was typed, and catches up', async () => {
  const { page, other, cell } = here
  await page.getByRole('button', { name: 'Add a device' }).first().click()
  await dialog(page).getByLabel('Name').fill('tablet')
  await cell.end('picd', 'SIGKILL')
  await page.locator('[data-offline]').waitFor({ state: 'attached' })
  await dialog(page).getByRole('button', { name: 'Add it' }).click()
  await dialog(page).getByRole('alert').getByText('Nothing that you typed is lost').waitFor()
  assert.equal(await dialog(page).getByLabel('Name').inputValue(), 'tablet')

  cell.startDaemon()
  await cell.answers()
  await page.locator('[data-offline]').waitFor({ state: 'detached' })
  await other.locator('[data-line="live"]').waitFor()
  await dialog(page).getByRole('button', { name: 'Add it' }).click()
  await page.getByRole('img', { name: /QR code/ }).waitFor()
  await other.getByRole('button', { name: 'tablet' }).first().waitFor()
  await cell.signIn()
  assert.equal((await cell.call('GET', '/peers')).items.filter(({ name }) => name === 'tablet').length, 1)
  await dialog(page).getByRole('button', { name: 'Done' }).click()
})

test('what happened while the page was cut off is there when it is back', async () => {
  const { page, cell } = here
  await page.goto('/changes')
  await page.locator('[data-line="live"]').waitFor()
  await page.context().setOffline(true)
  await cell.end('picd', 'SIGKILL')
  cell.startDaemon()
  await cell.answers()
  await cell.signIn()
  await cell.call('POST', '/peers', { name: 'while-away' })
  await page.context().setOffline(false)
  await page.getByRole('button', { name: /added while-away/ }).waitFor()
})

test('a tab that was signed out elsewhere says so, and goes on where it was', async () => {
  const { page } = here
  await page.goto('/peers')
  await page.getByRole('button', { name: 'Add a device' }).first().click()
  await dialog(page).getByLabel('Name').fill('half-typed')
  const second = await page.context().newPage()
  await second.goto('/')
  await second.getByRole('button', { name: 'Account and appearance' }).click()
  await second.getByRole('menuitem', { name: 'Sign out' }).click()
  const again = page.getByRole('dialog', { name: 'You are signed out' })
  await again.waitFor()
  await again.getByLabel('User name').fill(owner.username)
  await again.getByLabel('Password').fill('wrong password')
  await again.getByRole('button', { name: 'Sign in' }).click()
  await again.getByRole('alert').waitFor()
  await again.getByLabel('Password').fill(owner.password)
  await again.getByRole('button', { name: 'Sign in' }).click()
  await again.waitFor({ state: 'detached' })
  assert.equal(await dialog(page).getByLabel('Name').inputValue(), 'half-typed')
  await dialog(page).getByRole('button', { name: 'Add it' }).click()
  await page.getByRole('img', { name: /QR code/ }).waitFor()
  await second.close()
})

test('a session that is ended by somebody else ends here at once', async () => {
  const { page, other } = here
  await page.goto('/settings?tab=sessions')
  await page.getByRole('button', { name: 'End it' }).first().waitFor()
  while (await page.getByRole('button', { name: 'End it' }).count()) {
    const before = await page.getByRole('button', { name: 'End it' }).count()
    await page.getByRole('button', { name: 'End it' }).first().click()
    await eventually('one less', async () => (await page.getByRole('button', { name: 'End it' }).count()) < before)
  }
  await toast(page, 'Ended the session').first().waitFor()
  await other.getByRole('dialog', { name: 'You are signed out' }).waitFor()
})

here.ends()
