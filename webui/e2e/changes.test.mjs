// The log, felt: follow it live, open a change, take it back, travel, restore, compare, verify.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './cell.mjs'
import { stage, toast } from './stage.mjs'

const here = stage()
const dialog = () => here.page.getByRole('dialog')
const entry = (text) => here.page.getByRole('list', { name: 'Changes, newest first' }).getByRole('button', { name: text })
const names = async () => (await here.cell.call('GET', '/peers')).items.map(({ name }) => name).sort()

test('a change made elsewhere is on top without asking', async () => {
  const { page, cell } = here
  await page.goto('/changes')
  await entry('set the cell up').waitFor()
  await cell.call('POST', '/peers', { name: 'laptop' })
  await entry('ada added laptop').waitFor()
  here.added = (await cell.call('GET', '/events?after=0&type=PeerAdded')).items[0].seq
})

test('one opened shows what was meant, what it did, and how the services took it', async () => {
  await entry('ada added laptop').click()
  await dialog().getByRole('heading', { name: `Change #${here.added}` }).waitFor()
  await dialog().locator('[data-service="wireguard"][data-stage="live"]').waitFor()
  await dialog().getByText('What was meant').waitFor()
  await dialog().getByText('zones/cell.home.arpa.zone').click()
  await dialog().getByText('name/laptop').waitFor()
})

test('it is undone by its plan, and the log has grown', async () => {
  const { page } = here
  await dialog().getByRole('button', { name: 'Undo this change' }).click()
  const plan = page.getByRole('dialog', { name: `Undo change #${here.added}` })
  await plan.locator('[data-plan]').getByText('Peer removed').waitFor()
  await plan.getByRole('button', { name: 'Undo it' }).click()
  await toast(page, 'Undone').waitFor()
  await eventually('nobody is there', async () => !(await names()).length)
  await entry(`takes back #${here.added}`).waitFor()
})

test('what was undone cannot be undone again, and the cell says why', async () => {
  await entry('ada added laptop').click()
  await dialog().getByRole('button', { name: 'Undo this change' }).click()
  await here.page.getByRole('dialog').getByRole('alert').waitFor()
  await here.page.keyboard.press('Escape')
  await here.page.keyboard.press('Escape')
})

test('the log is filtered by kind and by person', async () => {
  const { page } = here
  await page.getByLabel('Kind of event').selectOption('PeerAdded')
  await entry('ada added laptop').waitFor()
  assert.equal(await entry('set the cell up').count(), 0)
  await page.getByLabel('By whom').fill('nobody')
  await page.getByText('Nothing of this kind has happened').waitFor()
  await page.getByLabel('By whom').fill('')
  await page.getByLabel('Kind of event').selectOption('')
})

test('the slider shows a page as it was, and lets nothing be changed there', async () => {
  const { page } = here
  await page.getByRole('link', { name: 'Peers', exact: true }).first().click()
  await page.getByText('No devices yet').waitFor()
  await page.getByRole('button', { name: 'Travel in time' }).click()
  const slider = page.getByRole('slider', { name: 'Moment' })
  await slider.fill(String(here.added))
  await page.getByRole('button', { name: /^laptop/ }).waitFor()
  await page.waitForURL(new RegExp(`at=${here.added}`))
  await page.getByText('You are looking at the cell as it was.').waitFor()
  assert.ok(await page.getByRole('button', { name: 'Add a device' }).isDisabled())
  assert.ok(await page.getByRole('switch', { name: 'Enable laptop' }).isDisabled())
  // The moment stays from page to page, and a reload keeps it.
  await page.getByRole('link', { name: 'WireGuard', exact: true }).click()
  await page.locator('pre[aria-label="wg0.conf"]').getByText('[Peer]').waitFor()
  await page.getByRole('button', { name: 'One event on' }).click()
  await eventually('a moment later it is gone', async () => !(await page.locator('pre[aria-label="wg0.conf"]').innerText()).includes('[Peer]'))
  await page.getByRole('button', { name: 'One event back' }).click()
  await page.locator('pre[aria-label="wg0.conf"]').getByText('[Peer]').waitFor()
  await page.getByRole('link', { name: 'Peers', exact: true }).first().click()
  await page.reload()
  await page.getByRole('button', { name: /^laptop/ }).waitFor()
})

test('a moment is restored, and that is a change like any other', async () => {
  const { page } = here
  await page.getByRole('button', { name: 'Restore this moment' }).click()
  await dialog().locator('[data-plan]').waitFor()
  await dialog().getByRole('button', { name: 'Restore', exact: true }).click()
  await toast(page, `Restored to #${here.added}`).waitFor()
  await eventually('laptop is back', async () => (await names()).includes('laptop'))
  await eventually('and we are in the present', () => !page.url().includes('at='))
  await page.getByRole('switch', { name: 'Enable laptop' }).waitFor()
})

test('two moments are compared, and a file side by side', async () => {
  const { page } = here
  await page.goto(`/changes?tab=compare&from=${here.added - 1}&to=${here.added}`)
  const compare = page.locator('[data-compare]')
  await compare.getByText('laptop', { exact: false }).first().waitFor()
  await compare.getByRole('button', { name: 'Side by side' }).last().click()
  const files = dialog().locator('.cm-mergeView')
  await files.waitFor()
  await eventually('both versions', async () => /\[Peer\]/.test(await files.innerText()))
  // Under the strict policy its style sheet is adopted, not inserted: without it the two would stand below each other.
  const [left, right] = await Promise.all([dialog().locator('.cm-merge-a').boundingBox(), dialog().locator('.cm-merge-b').boundingBox()])
  assert.ok(left.x + left.width <= right.x + 40 && Math.abs(left.y - right.y) < 5, 'beside each other')
  await page.keyboard.press('Escape')
})

test('the chain is verified', async () => {
  const { page } = here
  await page.getByRole('button', { name: 'Verify', exact: true }).click()
  await page.locator('[data-verified="true"]').waitFor()
})

here.ends()
