// Commit-confirm: a change that might cut somebody off says so over every page until it is kept, and goes back by itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signIn } from './browser.mjs'
import { owner } from './cell.mjs'
import { stage, toast } from './stage.mjs'

const here = stage({ supervised: false })
const bar = (page) => page.locator('[data-waiting]')
const mtu = async () => (await here.cell.call('GET', '/wireguard')).mtu

async function change(to, wait) {
  const { page } = here
  await page.goto('/wireguard')
  await page.getByLabel('MTU').fill(String(to))
  await page.getByLabel('If it cuts you off').selectOption(wait)
  await page.getByRole('button', { name: 'Save' }).click()
}

test('it is refused at its field as ever, planned with its waiting, and kept from another page', async () => {
  const { page, cell } = here
  await change(90000, 'Take it back after 2 minutes')
  await page.locator('[data-field="mtu"] [data-error]').waitFor()
  await page.getByLabel('MTU').fill('1380')
  await page.getByRole('button', { name: 'Show the plan' }).click()
  await page.locator('[data-plan]').getByText('Waits to be confirmed').waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed WireGuard').waitFor()
  await cell.applied('wireguard')
  await bar(page).getByText(/[01]:\d\d/).waitFor()
  await page.getByRole('link', { name: 'Peers', exact: true }).click()
  await bar(page).getByRole('button', { name: 'Keep it' }).click()
  await toast(page, 'stays').waitFor()
  await bar(page).waitFor({ state: 'detached' })
  assert.equal((await cell.call('GET', '/events?type=ChangeConfirmed')).items.length, 1)
  assert.equal(await mtu(), 1380)
})

test('a second browser sees it too, and what it says goes for both', async () => {
  const { page, browser, cell } = here
  const other = await browser.person(cell)
  await signIn(other, owner)
  await change(1300, 'Take it back after 10 minutes')
  await bar(page).waitFor()
  await cell.applied('wireguard')
  await bar(other).getByRole('button', { name: 'Keep it' }).click()
  await bar(page).waitFor({ state: 'detached' })
  assert.equal(await mtu(), 1300)
  assert.deepEqual(other.faults, [])
})

test('what nobody confirms goes back by itself, and the page says so', async () => {
  const { page, cell } = here
  await page.goto('/')
  await cell.call('PATCH', '/wireguard', { mtu: 1290 }, { 'Pic-Confirm-Within': '3' })
  await bar(page).last().getByText(/0:0\d/).waitFor()
  await toast(page, 'nobody confirmed it').waitFor()
  await bar(page).waitFor({ state: 'detached' })
  assert.equal(await mtu(), 1300)
})

here.ends()
