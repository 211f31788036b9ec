// The first day: the wizard with its unhappy ways, signing out and in, a refused password.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Browser, signIn } from './browser.mjs'
import { Cell, eventually, owner } from './cell.mjs'

let cell, browser, page

before(async () => {
  ;[cell, browser] = await Promise.all([Cell.start(), Browser.start()])
  page = await browser.person(cell)
})
after(async () => {
  await browser?.stop()
  await cell?.stop()
})

test('a newcomer claims the cell, and every objection is on its field', async () => {
  await page.goto('/peers')
  await page.getByRole('heading', { name: 'Welcome to your cell' }).waitFor()
  const next = async (times) => {
    for (let at = 0; at < times; at++) await page.getByRole('button', { name: 'Next' }).click()
  }
  const claim = () => page.getByRole('button', { name: 'Make it mine' }).click()
  const objected = async (label) => {
    await page.locator('[data-error]').waitFor()
    const field = page.getByLabel(label)
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
    await eventually(`the focus on ${label}`, () => field.evaluate((node) => node === document.activeElement))
  }
  await page.getByLabel('Set-up token').fill('not the token that was printed')
  await page.getByLabel('User name').fill(owner.username)
  await page.getByLabel('Password').fill('short')
  await next(1)
  await page.getByLabel('Name of the cell').fill('casa')
  await next(1)
  await page.getByLabel('VPN range').fill('8.8.8.0/24')
  await claim()

  await objected('Set-up token')
  await page.getByLabel('Set-up token').fill(await cell.setupToken())
  await next(2)
  await claim()

  await objected('Password')
  assert.equal(await page.getByLabel('User name').inputValue(), owner.username, 'nothing typed is lost')
  await page.getByLabel('Password').fill(owner.password)
  await next(2)
  await claim()

  // A range of the public internet: the field of the last step.
  await objected('VPN range')
  await page.getByLabel('VPN range').fill('10.10.0.0/24')
  await claim()

  // And there it is, on the page that was asked for.
  await page.getByRole('heading', { name: 'Peers', exact: true }).waitFor()
  await page.locator('[data-line="live"]').waitFor()
})

test('signing out and in again', async () => {
  await page.getByRole('button', { name: 'Account and appearance' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByLabel('User name').fill(owner.username)
  await page.getByLabel('Password').fill('this is not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').waitFor()
  assert.equal(await page.getByLabel('User name').inputValue(), owner.username)
  await signIn(page, owner)
  await page.getByRole('heading', { name: 'Cell casa' }).waitFor()
})

test('nothing went wrong meanwhile', () => assert.deepEqual(page.faults, []))
