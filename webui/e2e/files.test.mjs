// The file manager against the real Apache: every way with files, what is refused, and who is kept out.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { clean } from './axe.mjs'
import { signIn } from './browser.mjs'
import { eventually, owner } from './cell.mjs'
import { installed, isRoot, stage, toast } from './stage.mjs'

const here = stage()
const dialog = (page = here.page) => page.getByRole('dialog')
const grace = { username: 'grace', password: 'nanoseconds in a wire' }
const alan = { username: 'alan', password: 'universal tape and head' }
const only = { skip: !installed('apache2') && 'apache2 is not installed' }

/** Past the daemon, as any WebDAV client, with a password. */
const direct = (at, init = {}) => fetch(`http://127.0.0.1:${here.cell.ports.files}${at}`, { ...init, headers: { Authorization: `Basic ${btoa(`${owner.username}:${owner.password}`)}`, ...init.headers } })
const file = (name, text) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
const row = (name, page = here.page) => page.getByRole('button', { name, exact: true })
const menu = async (name, item, page = here.page) => {
  await page.getByRole('button', { name: `More for ${name}`, exact: true }).click()
  await page.getByRole('menuitem', { name: item }).click()
}
const give = (files) => here.page.locator('input[type=file]').setInputFiles(files)
const upload = (name, state) => here.page.locator(`[data-upload="${state}"]`, { hasText: name })

/** By way of the daemon, as the page does. */
const signed = ({ cookie = here.cell.cookie, csrf = here.cell.csrf }) => ({ ...(cookie && { Cookie: cookie }), ...(csrf && { 'X-CSRF-Token': csrf }) })
const ask = (at, { method = 'PROPFIND', headers = {}, body, ...who } = {}) =>
  fetch(`${here.cell.url}${at}`, { method, headers: { ...(method === 'PROPFIND' && { Depth: '1' }), ...signed(who), ...headers }, ...(body !== undefined && { body, duplex: 'half' }) })
/** The status of a path that is sent as it is written; fetch would tidy it. */
const status_of_raw = (at, who) =>
  new Promise((done, fail) => request(here.cell.url, { path: at, method: 'PROPFIND', headers: { Depth: '1', ...signed(who) } }, (answer) => done(answer.resume().statusCode)).on('error', fail).end())

/** The most memory that the daemon has had, in bytes. */
async function memory() {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    if (!status.startsWith('Name:\tpicd\n')) continue
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (environment.includes(here.cell.folder)) return Number(/VmHWM:\s+(\d+)/.exec(status)[1]) * 1024
  }
  throw new Error('the daemon is not there')
}

test('a space is there with the account', only, async () => {
  const { page, cell } = here
  await cell.call('POST', '/users', { ...grace, role: 'member' })
  await cell.call('POST', '/users', { ...alan, role: 'member', services: ['mail'] })
  await cell.applied('files')
  await page.goto('/files')
  await page.getByText('Nothing in here yet').waitFor()
  await clean(page, 'an empty space')
})

test('files go up, and a name that is taken asks', only, async () => {
  const { page } = here
  await give([file('hello.txt', 'hello there'), file('Ünder & score #1 100%.txt', 'odd name')])
  await page.getByText('All arrived').waitFor()
  await row('hello.txt').waitFor()
  await row('Ünder & score #1 100%.txt').waitFor()
  assert.equal(await (await direct('/ada/hello.txt')).text(), 'hello there')
  assert.equal(await (await direct(`/ada/${encodeURIComponent('Ünder & score #1 100%.txt')}`)).text(), 'odd name')

  await give([file('hello.txt', 'another')])
  await clean(page, 'a question')
  await upload('hello.txt', 'taken').getByRole('button', { name: 'Keep both' }).click()
  await row('hello (2).txt').waitFor()
  await give([file('hello (2).txt', 'a third')])
  await upload('hello (2).txt', 'taken').getByRole('button', { name: 'Replace it' }).click()
  await eventually('replaced', async () => (await (await direct('/ada/hello%20(2).txt')).text()) === 'a third')
  assert.equal(await (await direct('/ada/hello.txt')).text(), 'hello there', 'the first is as it was')
})

test('files are dropped on the page', only, async () => {
  const { page } = here
  const over = page.locator('[data-drop]')
  const data = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }))
    return data
  })
  await over.dispatchEvent('dragover', { dataTransfer: data })
  assert.ok(await over.evaluate((node) => node.className.includes('outline')), 'it says where it would land')
  await over.dispatchEvent('drop', { dataTransfer: data })
  await row('dropped.txt').waitFor()
  assert.equal(await (await direct('/ada/dropped.txt')).text(), 'dropped')
})

test('a large file goes up with its progress, arrives whole, and comes back', only, async () => {
  const { page } = here
  const large = Buffer.alloc(40 * 1024 * 1024, 'personal internet cell ')
  const at = path.join(here.cell.folder, 'large.bin')
  await writeFile(at, large)
  const seen = page.evaluate(() => new Promise((done) => {
    const values = new Set()
    const look = () => {
      for (const bar of document.querySelectorAll('[data-upload=going] progress')) values.add(bar.value)
      if ([...document.querySelectorAll('[data-upload=done]')].some((one) => one.textContent.includes('large.bin'))) done([...values])
      else requestAnimationFrame(look)
    }
    look()
  }))
  await give(at)
  await row('large.bin').waitFor()
  assert.ok((await seen).some((value) => value > 0 && value < large.length), 'somewhere on its way')
  const [saved] = await Promise.all([page.waitForEvent('download'), menu('large.bin', 'Download')])
  assert.equal(saved.suggestedFilename(), 'large.bin')
  assert.ok(large.equals(await readFile(await saved.path())))
})

test('what passes through the daemon is not kept there', only, async () => {
  const { cell } = here
  const at = path.join(cell.folder, 'huge.bin')
  const pieces = 100
  await writeFile(at, Buffer.alloc(0))
  const piece = Buffer.alloc(1024 * 1024, 'x')
  for (let i = 0; i < pieces; ++i) await writeFile(at, piece, { flag: 'a' })
  const before = await memory()
  const put = await ask('/dav/ada/huge.bin', { method: 'PUT', headers: { 'Content-Length': String(pieces * piece.length) }, body: createReadStream(at) })
  assert.equal(put.status, 201)
  const got = await ask('/dav/ada/huge.bin', { method: 'GET' })
  let bytes = 0
  const hash = createHash('sha256')
  for await (const some of got.body) {
    bytes += some.length
    hash.update(some)
  }
  assert.equal(bytes, pieces * piece.length)
  assert.ok((await memory()) - before < 16 * 1024 * 1024, 'of 100 MiB either way')
  const part = await ask('/dav/ada/huge.bin', { method: 'GET', headers: { Range: 'bytes=10-13' } })
  assert.deepEqual([part.status, await part.text(), part.headers.get('content-range')], [206, 'xxxx', `bytes 10-13/${pieces * piece.length}`])
  assert.equal((await ask('/dav/ada/huge.bin', { method: 'DELETE' })).status, 204)
})

test('folders: made, objected to, walked into; files renamed and moved, with a way back', only, async () => {
  const { page } = here
  const make = async (name) => {
    await dialog().getByLabel('Name').fill(name)
    await dialog().getByRole('button', { name: 'Make it' }).click()
  }
  await page.getByRole('button', { name: 'New folder' }).click()
  await make('a/b')
  await dialog().getByText('A name, without a slash.').waitFor()
  await clean(page, 'a name that cannot be')
  await make('letters')
  await row('letters').waitFor()
  await page.getByRole('button', { name: 'New folder' }).click()
  await make('letters')
  await dialog().getByText('There is one of that name already.').waitFor()
  await page.keyboard.press('Escape')

  await menu('hello.txt', 'Rename')
  await dialog().getByLabel('Name').fill('hello (2).txt')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await dialog().getByText('There is one of that name already.').waitFor()
  await dialog().getByLabel('Name').fill('greeting.txt')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await row('greeting.txt').waitFor()
  await toast(page, 'It is called greeting.txt now').getByRole('button', { name: 'Undo' }).click()
  await row('hello.txt').waitFor()

  await menu('hello.txt', 'Move')
  await dialog().getByRole('button', { name: 'letters' }).click()
  await clean(page, 'where to')
  await dialog().getByRole('button', { name: 'Move here' }).click()
  await toast(page, 'Moved 1 item').waitFor()
  await row('hello.txt').waitFor({ state: 'detached' })
  assert.equal((await direct('/ada/letters/hello.txt')).status, 200)
  await row('letters').click()
  await row('hello.txt').click()
  await dialog().getByText('hello there').waitFor()
  await clean(page, 'a file looked at')
  await page.keyboard.press('Escape')
  await page.goBack()
  await row('letters').waitFor()
})

test('what is thrown away comes back, or goes for good', only, async () => {
  const { page } = here
  await menu('letters', 'To the trash')
  await row('letters').waitFor({ state: 'detached' })
  assert.equal((await direct('/ada/letters/hello.txt')).status, 404)
  await toast(page, 'letters is in the trash').getByRole('button', { name: 'Undo' }).click()
  await row('letters').waitFor()
  assert.equal((await direct('/ada/letters/hello.txt')).status, 200)

  await page.getByRole('checkbox', { name: 'Choose large.bin' }).check()
  await page.getByRole('checkbox', { name: 'Choose hello (2).txt' }).check()
  await page.getByRole('toolbar').getByRole('button', { name: 'To the trash' }).click()
  await toast(page, '2 items are in the trash').waitFor()
  await page.getByRole('button', { name: 'Trash', exact: true }).click()
  await row('large.bin').waitFor()
  await clean(page, 'the trash')
  await page.getByRole('checkbox', { name: 'Choose all' }).check()
  await page.getByRole('toolbar').getByRole('button', { name: 'Delete for good' }).click()
  await page.getByText('The trash is empty').waitFor()
  assert.equal((await direct('/ada/large.bin')).status, 404)
})

test('the keyboard is enough', only, async () => {
  const { page } = here
  await page.goto('/files')
  await row('letters').focus()
  await page.keyboard.press('ArrowDown')
  await eventually('the next row', () => page.evaluate(() => document.activeElement.textContent.startsWith('dropped.txt')))
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Rename' }).waitFor()
  await eventually('the focus in the menu', () => page.evaluate(() => document.activeElement.closest('[role=menu]') !== null))
  await page.keyboard.type('re')
  await eventually('the focus on the item', () => page.evaluate(() => document.activeElement.textContent === 'Rename'))
  await page.keyboard.press('Enter')
  await dialog().waitFor()
  await eventually('the focus on the name', () => page.evaluate(() => document.activeElement.value === 'dropped.txt'))
  await page.keyboard.type('by-keyboard.txt')
  await page.keyboard.press('Enter')
  await row('by-keyboard.txt').waitFor()
  await row('letters').focus()
  await page.keyboard.press('Enter')
  await row('hello.txt').waitFor()
})

test('in the dark, on a phone', only, async () => {
  const { cell, browser } = here
  const page = await browser.person(cell, { viewport: { width: 375, height: 740 }, colorScheme: 'dark', hasTouch: true, isMobile: true, reducedMotion: 'reduce' })
  await signIn(page, owner)
  await page.goto('/files')
  await row('letters', page).waitFor()
  await clean(page, 'the list')
  await row('letters', page).tap()
  await menu('hello.txt', 'Rename', page)
  await dialog(page).waitFor()
  await clean(page, 'a dialog')
  assert.deepEqual(page.faults, [])
})

test('a space is its owner\'s alone, and only for whoever is signed in', only, async () => {
  const { cell, browser } = here
  const page = await browser.person(cell)
  await signIn(page, grace)
  const session = await page.evaluate(() => fetch('/api/v1/session').then((answer) => answer.json()))
  const cookie = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
  const hers = (at, some = {}) => ask(at, { cookie, csrf: session.csrf_token, ...some })
  const made = await hers('/dav/grace/x', { method: 'PUT', body: '' })
  assert.equal(made.status, 201)
  assert.equal(made.headers.get('x-pic-files'), '1')
  assert.equal((await hers('/dav/grace/')).status, 207)
  assert.equal((await hers('/dav/grace/', { cookie: '' })).status, 401, 'nobody is signed in')
  assert.equal((await hers('/dav/grace/', { csrf: '' })).status, 403, 'another page asks')
  assert.equal((await hers('/dav/grace/', { headers: { Origin: 'https://evil.example' } })).status, 403, 'from another origin')
  assert.equal((await hers('/dav/ada/')).status, 403, 'of another person')
  assert.equal((await ask('/dav/grace/')).status, 403, 'not the owner of the cell either')
  for (const method of ['GET', 'PUT', 'DELETE', 'MKCOL']) assert.equal((await hers('/dav/ada/letters/hello.txt', { method })).status, 403, method)
  const nobody = await hers('/dav/ada/')
  assert.equal(nobody.headers.get('www-authenticate'), null, 'no prompt of the browser')
  for (const at of ['/dav/grace/%2e%2e/ada/', '/dav/grace/..%2fada/', '/dav/%2e%2e/%2e%2e/locks/DavLock', '/dav/grace/%00', '/dav/grace//x', '/dav/grace/%zz', '/dav/grace/%ff'])
    assert.equal(await status_of_raw(at, { cookie, csrf: session.csrf_token }), 400, at)
  assert.equal((await hers('/dav/')).status, 403, 'the folder of all spaces')
  assert.equal((await hers('/dav/locks/')).status, 403)
  const move = async (to) => (await hers('/dav/grace/x', { method: 'MOVE', headers: { Destination: to } })).status
  assert.equal(await move('/dav/ada/x'), 403, 'into another\'s space')
  for (const to of ['http://127.0.0.1/etc/passwd', '/dav/grace/../ada/x', '/dav/grace/%2e%2e/ada/x', `${cell.url}/ada/x`]) assert.equal(await move(to), 400, to)
  for (const method of ['PROPPATCH', 'LOCK', 'COPY', 'POST', 'OPTIONS']) assert.equal((await hers('/dav/grace/x', { method })).status, 405, method)
  assert.equal((await direct('/ada/x')).status, 404)

  // A token is no person, and the door's word is not to be had for a guess.
  const { token } = (await cell.call('POST', '/tokens', { name: 'everything', scopes: ['*'] })).resource
  assert.ok(token)
  assert.equal((await ask('/dav/ada/', { cookie: '', csrf: '', headers: { Authorization: `Bearer ${token}` } })).status, 403)
  for (const key of ['', 'x', '0'.repeat(64)]) assert.equal((await direct('/ada/', { method: 'PROPFIND', headers: { Authorization: '', 'X-Pic-Member': 'ada', 'X-Pic-Door': key } })).status, 401)

  await page.goto('/files')
  await row('x', page).waitFor()
  await clean(page, 'a member\'s')
  assert.deepEqual(page.faults, [])
})

test('whoever has no files is told so', only, async () => {
  const { cell, browser } = here
  const page = await browser.person(cell)
  await signIn(page, alan)
  await page.goto('/files')
  await page.getByText('This account has no files').waitFor()
  assert.deepEqual(page.faults, [])
})

test('a lost connection is said, nothing half is left, and it goes on when asked', only, async () => {
  const { page } = here
  await page.goto('/files')
  await row('letters').waitFor()
  await page.context().setOffline(true)
  await give([file('later.txt', 'later')])
  await upload('later.txt', 'failed').locator('[data-error]').waitFor()
  assert.equal((await direct('/ada/later.txt')).status, 404)
  await page.context().setOffline(false)
  await upload('later.txt', 'failed').getByRole('button', { name: 'Try again' }).click()
  await row('later.txt').waitFor()

  // Whoever hangs up in the middle leaves nothing behind.
  const broken = new AbortController()
  const endless = async function* () {
    yield Buffer.alloc(100_000, 'x')
    await new Promise((done) => setTimeout(done, 100))
    broken.abort()
    await new Promise(() => {})
  }
  await assert.rejects(fetch(`${here.cell.url}/dav/ada/half.bin`, { method: 'PUT', duplex: 'half', signal: broken.signal, headers: { Cookie: here.cell.cookie, 'X-CSRF-Token': here.cell.csrf, 'Content-Length': '9999999' }, body: endless() }))
  await eventually('all is tidy', async () => (await (await ask('/dav/ada/')).text()).match(/half|davfs/) === null)
})

test('a full disk is said, and the file that was there stays', { skip: only.skip || (!isRoot && 'only root can mount a small disk') }, async () => {
  const { page, cell } = here
  const found = spawnSync('find', [path.join(cell.folder, 'state'), '-path', '*spaces/ada/letters', '-type', 'd'], { encoding: 'utf8' }).stdout.trim()
  assert.ok(found)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0777', 'small', found])
  if (mounted.status !== 0) return
  try {
    await page.goto('/files?q=letters')
    await page.getByText('Nothing in here yet').waitFor()
    await give([{ name: 'big.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(8 * 1024 * 1024, 'x') }])
    await upload('big.bin', 'failed').getByText('There is no room left.').waitFor()
    await give([file('fits.txt', 'fits')])
    await row('fits.txt').waitFor()
    assert.equal((await direct('/ada/letters/big.bin')).status, 404)
  } finally {
    spawnSync('umount', ['-l', found])
  }
})

test('where the files service is off, the page says so', only, async () => {
  const { page, cell } = here
  await cell.call('PATCH', '/services/files', { enabled: false })
  await page.goto('/files')
  await page.getByText('Files is off').waitFor()
  await eventually('it does not answer', async () => {
    await page.reload()
    return (await page.getByText('The files service does not answer').count()) > 0
  })
  await clean(page, 'off')
  await page.getByRole('button', { name: 'Turn it on' }).click()
  await cell.applied('files')
  await eventually('and again', async () => {
    if (await row('letters').count()) return true
    await page.getByRole('button', { name: 'Try again' }).click({ timeout: 1000 }).catch(() => {})
    return false
  })
})

here.ends()
