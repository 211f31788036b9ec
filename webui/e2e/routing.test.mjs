// Rules in their order: by the keyboard, by drag, refused and back; ports passed on; and the picture of who reaches what.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './cell.mjs'
import { stage, toast } from './stage.mjs'

const here = stage()
const dialog = () => here.page.getByRole('dialog')
const order = async () => (await here.cell.call('GET', '/routing/rules')).items.sort((a, b) => a.position - b.position).map(({ note }) => note).join(' ')
const shown = () => here.page.locator('[data-order] [data-open]').allTextContents().then((all) => all.join(' '))
const handle = (name) => here.page.getByRole('button', { name: `Move ${name}` })
const said = () => here.page.locator('[id^="DndLiveRegion"]').textContent()

/** Takes a rule up by the keyboard. Only once its place is said is it known where arrows lead. */
async function takeUp(name, place) {
  await handle(name).focus()
  await here.page.keyboard.press('Space')
  await eventually('taken up', async () => (await said()) === `${name} is at ${place} of 3.`)
}

/** Moves what is taken up to a place by an arrow. A press before the list has measured its rows is lost: it is given again
 *  as long as a frame that was painted after it says no other place. */
async function step(key, name, from, to) {
  const { page } = here
  await eventually(`${name} goes from ${from} to ${to}`, async () => {
    if ((await said()) === `${name} is at ${from} of 3.`) {
      await page.keyboard.press(key)
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    }
    return (await said()) === `${name} is at ${to} of 3.`
  })
}

/** The rules as the firewall got them. */
const firewall = async () => (await here.cell.call('GET', '/artefacts/wireguard/cell.nft')).match(/add rule inet pic rules .*/g).join('\n')

test('a rule, its objections, its plan, and the firewall that has it', async () => {
  const { page, cell } = here
  await cell.call('POST', '/peers', { name: 'laptop' })
  await page.goto('/routing')
  await page.getByText('No rules of your own').waitFor()
  await page.getByRole('button', { name: 'Add a rule' }).click()
  await dialog().getByLabel('What happens').selectOption('drop')
  await dialog().getByLabel('To', { exact: true }).or(dialog().getByLabel(/^To/)).first().fill('not a place')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="destination"] [data-error]').waitFor()
  await dialog().getByLabel(/^To/).first().fill('192.168.1.0/24')
  await dialog().getByLabel(/^Protocol/).selectOption('tcp')
  await dialog().getByLabel(/^Ports/).fill('99999')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="ports"] [data-error]').waitFor()
  await dialog().getByLabel(/^Ports/).fill('80,443')
  await dialog().getByLabel(/^Note/).fill('one')
  await dialog().getByRole('button', { name: 'Show the plan' }).click()
  await dialog().locator('[data-plan]').getByText('cell.nft').waitFor()
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added one').locator('[data-service="wireguard"][data-stage="live"]').waitFor()
  for (const note of ['two', 'three']) await cell.call('POST', '/routing/rules', { action: 'accept', note })
  await eventually('all three are shown', async () => (await shown()) === 'one two three')
  await eventually('each is counted', async () => (await page.locator('[data-hits="0"]').allTextContents()).join() === '0 packets,0 packets,0 packets')
  assert.match(await firewall(), /dport \{ 80,443 \} counter name \S+ drop/)
})

test('the keyboard moves a rule, and each step is said', async () => {
  const { page } = here
  await takeUp('three', 3)
  await step('ArrowUp', 'three', 3, 2)
  await step('ArrowUp', 'three', 2, 1)
  await page.keyboard.press('Space')
  await toast(page, 'three is rule 1 now').waitFor()
  await eventually('the cell has the order', async () => (await order()) === 'three one two')
  assert.equal(await shown(), 'three one two')
  await eventually('so has the firewall', async () => /accept\n.*drop\n.*accept/.test(await firewall()))

  await takeUp('three', 1)
  await step('ArrowDown', 'three', 1, 2)
  await page.keyboard.press('Escape')
  await eventually('put back', async () => (await said()) === 'three stays at 1 of 3.')
  assert.equal(await order(), 'three one two')
})

test('a drag moves a rule at once; undo brings the order back', async () => {
  const { page } = here
  const [from, to] = [await handle('two').boundingBox(), await handle('three').boundingBox()]
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
  await page.mouse.down()
  await page.mouse.move(from.x + from.width / 2, from.y, { steps: 5 })
  await page.mouse.move(to.x + to.width / 2, to.y + 5, { steps: 10 })
  await page.mouse.up()
  await eventually('shown at once', async () => (await shown()) === 'two three one')
  await toast(page, 'two is rule 1 now').waitFor()
  assert.equal(await order(), 'two three one')
  await toast(page, 'two is rule 1 now').getByRole('button', { name: 'Undo' }).click()
  await eventually('back', async () => (await order()) === 'three one two' && (await shown()) === 'three one two')
})

test('a move that the cell cannot take goes back by itself', async () => {
  const { page } = here
  await page.context().setOffline(true)
  await takeUp('three', 1)
  await step('ArrowDown', 'three', 1, 2)
  await page.keyboard.press('Space')
  await toast(page, 'The cell does not answer').waitFor()
  await eventually('as it was', async () => (await shown()) === 'three one two')
  await page.context().setOffline(false)
  assert.equal(await order(), 'three one two')
})

test('a rule is switched off, changed, and removed with a way back', async () => {
  const { page, cell } = here
  await page.goto('/routing')
  await page.getByRole('switch', { name: 'Use the rule one' }).click()
  await toast(page, 'one is off').waitFor()
  await page.getByRole('button', { name: 'one', exact: true }).click()
  await dialog().getByLabel(/^Protocol/).selectOption('any')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed one').waitFor()
  const one = (await cell.call('GET', '/routing/rules')).items.find(({ note }) => note === 'one')
  assert.deepEqual([one.protocol, one.ports, one.enabled], ['any', null, false])
  await page.getByRole('button', { name: 'one', exact: true }).click()
  await dialog().getByRole('button', { name: 'Remove this rule' }).click()
  await eventually('gone', async () => (await shown()) === 'three two')
  await toast(page, 'Removed one').getByRole('button', { name: 'Undo' }).click()
  await eventually('back', async () => (await shown()) === 'three one two')
})

test('the picture follows the rules', async () => {
  const { page, cell } = here
  await cell.call('POST', '/peers', { name: 'tv', internet: false, services: ['dns'] })
  for (const { id } of (await cell.call('GET', '/routing/rules')).items) await cell.call('DELETE', `/routing/rules/${id}`)
  await page.getByRole('tab', { name: 'Who reaches what' }).click()
  await page.locator('[data-group]', { hasText: 'laptop' }).getByText('Reaches: Services of the cell, Internet.').waitFor()
  await page.locator('[data-group]', { hasText: 'tv' }).getByText('Reaches a part of: Services of the cell.').waitFor()
  await cell.call('POST', '/routing/rules', { action: 'drop' })
  await page.locator('[data-group]', { hasText: 'laptop, tv' }).getByText('Does not reach: Services of the cell, Internet').waitFor()
})

test('a port is passed on, once; and addresses are translated or not', async () => {
  const { page, cell } = here
  await page.getByRole('tab', { name: 'From outside' }).click()
  await page.getByRole('button', { name: 'Pass a port on' }).click()
  await dialog().getByLabel('Port outside').fill('25565')
  await dialog().getByLabel('Goes to').fill('203.0.113.9')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await dialog().locator('[data-field="to_address"] [data-error]').waitFor()
  await dialog().getByLabel('Goes to').fill('10.10.0.2')
  await dialog().getByRole('button', { name: 'Add it' }).click()
  await toast(page, 'Added tcp 25565').waitFor()
  await page.getByText('10.10.0.2:25565').waitFor()
  const before = (await cell.call('GET', '/routing/nat')).masquerade
  await page.getByRole('switch', { name: "Devices go out under the cell's address" }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await toast(page, 'Changed address translation').waitFor()
  assert.equal((await cell.call('GET', '/routing/nat')).masquerade, !before)
  await page.getByRole('button', { name: 'tcp 25565' }).click()
  await dialog().getByRole('button', { name: 'Pass it on no longer' }).click()
  await page.getByText('Nothing is passed on').waitFor()
})

here.ends()
