// A person's own: invited by a link, at home in a page that holds nothing but what is theirs, with a second factor, its
// recovery codes, app passwords and sessions. Every form's happy and unhappy way.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { signIn } from './browser.mjs'
import { eventually, owner } from './cell.mjs'
import { page_of, stage, toast } from './stage.mjs'

const here = stage()
const dialog = (page = here.page) => page.getByRole('dialog')
const grace = { username: 'grace', password: 'nanoseconds in a wire' }

const bits = (text) => [...text.replace(/=+$/, '')].map((one) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(one).toString(2).padStart(5, '0')).join('')
const step_ms = 30_000

/** RFC 6238, as an authenticator does it. */
function totp(secret, step) {
  const key = Buffer.from(bits(secret).match(/.{8}/g).map((one) => parseInt(one, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const hash = createHmac('sha1', key).update(counter).digest()
  const at = hash.at(-1) & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** A code that has not been used: the next one is taken a little early rather than waited for. */
let used = 0
function code() {
  used = Math.max(Math.floor(Date.now() / step_ms), used + 1)
  return totp(here.secret, used)
}

test('an invitation is a link that is shown once', async () => {
  const { page, cell } = here
  await page.goto('/people?tab=invitations')
  await page.getByText('Nobody is invited').waitFor()
  await page.getByRole('button', { name: 'Invite somebody' }).first().click()
  await dialog().getByLabel('E-mail').fill('not an address')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-error]').waitFor()
  await dialog().getByLabel('E-mail').fill('')
  await dialog().getByLabel('Name').fill('Grace')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  const made = page.getByRole('dialog', { name: 'An invitation for Grace' })
  await made.getByRole('img', { name: 'QR code of the invitation' }).waitFor()
  here.link = await made.locator('[data-secret]').innerText()
  assert.match(here.link, new RegExp(`^${cell.url}/join#\\S+$`))
  await made.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Grace' }).waitFor()
})

test('who opens it chooses a name and a password, and is in a page of their own', async () => {
  const { browser, cell, page } = here
  const guest = (here.guest = await browser.person(cell))
  await guest.goto(here.link)
  await page_of(guest, 'You are invited').waitFor()
  await guest.getByLabel('User name').fill('ada')
  await guest.getByLabel('Password').fill('short')
  await guest.getByRole('button', { name: 'Join' }).click()
  await guest.locator('[data-error]').first().waitFor()
  assert.equal(await guest.getByLabel('User name').inputValue(), 'ada', 'nothing typed is lost')
  await guest.getByLabel('Password').fill(grace.password)
  await guest.getByRole('button', { name: 'Join' }).click()
  await eventually('the name is taken', async () => (await guest.locator('[data-error]').count()) + (await guest.getByRole('alert').count()))
  await guest.getByLabel('User name').fill(grace.username)
  await guest.getByLabel('Your name').fill('Grace')
  await guest.getByRole('button', { name: 'Join' }).click()
  await page_of(guest, 'Hello Grace').waitFor()
  assert.ok(!guest.url().includes('#'), 'the secret is not left in the address')
  await page.getByText('Nobody is invited').waitFor()
  assert.equal((await cell.call('GET', '/users')).items.find(({ username }) => username === 'grace').role, 'member')
})

test('the link works once', async () => {
  const late = await here.browser.person(here.cell)
  await late.goto(here.link)
  await late.getByLabel('User name').fill('mallory')
  await late.getByLabel('Password').fill('another long enough one')
  await late.getByRole('button', { name: 'Join' }).click()
  await late.getByText('Ask for a new one').waitFor()
  await late.goto('/join')
  await late.getByText('There is no invitation in this address').waitFor()
  assert.deepEqual(late.faults, [])
})

test('a member sees their own and nothing else', async () => {
  const { guest, cell } = here
  await cell.call('POST', '/peers', { name: 'of-ada', owner: 'ada' })
  await guest.goto('/')
  await page_of(guest, 'Hello Grace').waitFor()
  assert.deepEqual(await guest.getByRole('navigation').getByRole('link').allInnerTexts(), ['Files', 'My account'])
  await guest.getByText('No device of yours yet').waitFor()
  await guest.goto('/people')
  await guest.getByText('This page is not for you').waitFor()
  await guest.goto('/me')
  await guest.getByText('cell.home.arpa').first().waitFor()
})

test('a member adds a device with two clicks, and takes it off', async () => {
  const { guest, cell } = here
  await guest.getByRole('button', { name: 'Add a device' }).click()
  await dialog(guest).getByLabel('Name').fill('of-ada')
  await dialog(guest).getByRole('button', { name: 'Add it' }).click()
  await dialog(guest).locator('[data-error]').waitFor()
  await dialog(guest).getByLabel('Name').fill('phone')
  await dialog(guest).getByRole('button', { name: 'Add it' }).click()
  await guest.getByRole('img', { name: 'QR code of the configuration of phone' }).waitFor()
  await dialog(guest).getByRole('button', { name: 'Done' }).click()
  const { items } = await cell.call('GET', '/peers')
  assert.equal(items.find(({ name }) => name === 'phone').owner, 'grace')
  const devices = guest.getByRole('list', { name: 'My devices' })
  await devices.getByRole('button', { name: /phone/ }).click()
  await dialog(guest).getByLabel('Name').fill('telephone')
  await dialog(guest).getByRole('button', { name: 'Save' }).click()
  await toast(guest, 'Changed telephone').waitFor()
  await dialog(guest).getByRole('button', { name: 'Remove this device' }).click()
  await guest.getByText('No device of yours yet').waitFor()
  assert.deepEqual((await cell.call('GET', '/peers')).items.map(({ name }) => name), ['of-ada'])
})

test('what somebody else gives a member is on their page by itself', async () => {
  await here.cell.call('POST', '/peers', { name: 'tablet', owner: 'grace' })
  await here.guest.getByRole('list', { name: 'My devices' }).getByRole('button', { name: /tablet/ }).waitFor()
})

test('an app password is shown once, opens what it is for, and is taken back', async () => {
  const { guest, cell } = here
  await guest.getByRole('button', { name: 'Make an app password' }).click()
  await dialog(guest).getByRole('button', { name: 'Make it' }).click()
  await dialog(guest).locator('[data-error]').waitFor()
  await dialog(guest).getByLabel('For').fill('Thunderbird')
  await dialog(guest).getByLabel('Opens').selectOption('calendar')
  await dialog(guest).getByRole('button', { name: 'Make it' }).click()
  assert.ok((await dialog(guest).locator('[data-secret]').innerText()).length >= 16)
  await dialog(guest).getByRole('button', { name: 'Done' }).click()
  const apps = guest.getByRole('list', { name: 'App passwords' })
  await apps.getByText('Thunderbird').waitFor()
  here.grace = (await cell.call('GET', '/users')).items.find(({ username }) => username === 'grace').id
  assert.equal((await cell.call('GET', `/users/${here.grace}/app-passwords`)).items.length, 1)
  await apps.getByRole('button', { name: 'Take back the password of Thunderbird' }).click()
  await guest.getByText('No app passwords').waitFor()
})

test('a second factor counts once its code is right, and gives recovery codes', async () => {
  const { guest } = here
  await guest.getByRole('button', { name: 'Set up a second factor' }).click()
  await dialog(guest).getByRole('img', { name: 'QR code for the authenticator' }).waitFor()
  await dialog(guest).getByText('Type it by hand instead').click()
  here.secret = await dialog(guest).locator('[data-secret]').innerText()
  await dialog(guest).getByLabel('Code', { exact: true }).fill('000000')
  await dialog(guest).getByRole('button', { name: 'Turn it on' }).click()
  await dialog(guest).locator('[data-error]').waitFor()
  await dialog(guest).getByLabel('Code', { exact: true }).fill(code())
  await dialog(guest).getByRole('button', { name: 'Turn it on' }).click()
  const codes = dialog(guest).getByRole('list', { name: 'Recovery codes' }).getByRole('listitem')
  await codes.first().waitFor()
  here.codes = await codes.allInnerTexts()
  assert.ok(here.codes.length >= 8)
  // A stray Escape does not lose them.
  await guest.keyboard.press('Escape')
  const [saved] = await Promise.all([guest.waitForEvent('download'), dialog(guest).getByRole('button', { name: 'Download' }).click()])
  assert.equal(saved.suggestedFilename(), 'recovery-codes-grace.txt')
  await dialog(guest).getByRole('button', { name: 'I have kept them' }).click()
  await guest.locator('[data-factor="on"]').waitFor()
})

async function signInWith(page, fill) {
  await page.goto('/')
  await page.getByLabel('User name').fill(grace.username)
  await page.getByLabel('Password').fill(grace.password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByLabel('One-time code').waitFor()
  assert.equal(await page.getByRole('alert').count(), 0, 'that a code is needed is no error')
  await fill(page)
}

test('signing in asks for the code; a wrong one is said at its field', async () => {
  const { browser, cell } = here
  const phone = (here.phone = await browser.person(cell))
  await signInWith(phone, async (page) => {
    await page.getByLabel('One-time code').fill('123456')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('[data-error]').waitFor()
    await page.getByLabel('One-time code').fill(code())
    await page.getByRole('button', { name: 'Sign in' }).click()
  })
  await page_of(phone, 'Hello Grace').waitFor()
})

/** Until the objection stands at the field; who is asked to slow down waits as long as told, and tries again. */
async function refused(page) {
  const objection = page.locator('[data-error]')
  const slow = page.getByText(/the next is looked at in \d+ s/)
  for (;;) {
    await objection.or(slow).first().waitFor()
    if (await objection.isVisible()) return
    const seconds = Number(/in (\d+) s/.exec(await slow.textContent())[1])
    await page.waitForTimeout(seconds * 1000)
    const answered = page.waitForResponse(/\/session$/)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await answered
    await eventually('the answer shown', async () => (await objection.isVisible()) || (await slow.isVisible()))
  }
}

test('a recovery code lets in once', async () => {
  const { browser, cell } = here
  for (const works of [true, false]) {
    const page = await browser.person(cell)
    await signInWith(page, async () => {
      await page.getByRole('button', { name: 'use a recovery code' }).click()
      await page.getByLabel('Recovery code').fill(here.codes[0])
      await page.getByRole('button', { name: 'Sign in' }).click()
    })
    if (works) await page_of(page, 'Hello Grace').waitFor()
    else await refused(page)
    assert.deepEqual(page.faults, [])
  }
})

test('sessions are listed, and ended from another', async () => {
  const { guest, phone } = here
  await guest.reload()
  const sessions = guest.getByRole('list', { name: 'Sessions' })
  await eventually('all three', async () => (await sessions.getByRole('listitem').count()) === 3)
  await sessions.getByText('this one').waitFor()
  await guest.getByRole('button', { name: 'End all others' }).click()
  await toast(guest, 'Ended the other sessions').waitFor()
  await eventually('one is left', async () => (await sessions.getByRole('listitem').count()) === 1)
  // Within the time in which a member's page asks anew.
  await phone.getByRole('dialog', { name: 'You are signed out' }).waitFor()
})

test('the password is changed with the one before; others are told apart', async () => {
  const { guest } = here
  await guest.getByRole('button', { name: 'Change the password' }).click()
  await guest.getByLabel('Your password now').fill('not it')
  await guest.getByLabel('Password', { exact: true }).fill('amazing grace and a moth')
  await guest.getByRole('button', { name: 'Change the password' }).click()
  await eventually('an objection', async () => (await guest.locator('[data-error]').count()) + (await guest.getByRole('alert').count()))
  await guest.getByLabel('Your password now').fill(grace.password)
  await guest.getByRole('button', { name: 'Change the password' }).click()
  await toast(guest, 'Your password is changed').waitFor()
  grace.password = 'amazing grace and a moth'
})

test('an admin sees who has a second factor, and takes a lost one off', async () => {
  const { page } = here
  await page.goto('/people')
  const row = page.getByRole('row').filter({ hasText: 'grace' })
  await row.getByText('on', { exact: true }).waitFor()
  await row.getByRole('button', { name: /grace/ }).click()
  await dialog().getByRole('button', { name: 'Remove the second factor' }).click()
  await toast(page, 'The second factor is off').waitFor()
  await dialog().getByText('They sign in by their password alone').waitFor()
  await page.keyboard.press('Escape')
  await here.guest.locator('[data-factor="off"]').waitFor()
})

test('an invitation that has not been used is taken back', async () => {
  const { page, cell } = here
  await cell.call('POST', '/invitations', { role: 'viewer', display_name: 'Alan' })
  await page.goto('/people?tab=invitations')
  await page.getByRole('button', { name: 'Alan' }).click()
  await dialog().getByRole('button', { name: 'Take the invitation back' }).click()
  await page.getByText('Nobody is invited').waitFor()
  assert.deepEqual((await cell.call('GET', '/invitations')).items, [])
})

test('everybody has a page of their own, the owner too', async () => {
  const { page } = here
  await page.getByRole('button', { name: 'Account and appearance' }).click()
  await page.getByRole('menuitem', { name: 'My account' }).click()
  await page_of(page, `Hello ${owner.username}`).waitFor()
  await page.getByRole('button', { name: /of-ada/ }).waitFor()
  await page.locator('[data-howto]').getByText('Calendar and contacts').click()
  await page.getByText('https://calendar.cell.home.arpa/').waitFor()
})

test('nothing went wrong on the pages of the others', () => assert.deepEqual([here.guest.faults, here.phone.faults], [[], []]))

here.ends()
