// What most test files begin with: a cell that is set up and live, a browser, somebody signed in.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Browser, signIn } from './browser.mjs'
import { Cell, owner } from './cell.mjs'

export const toast = (page, text) => page.locator('[data-toast]', { hasText: text }).last()
export const page_of = (page, name) => page.getByRole('heading', { level: 1, name })

/** Whether a service can run here: its programs are installed (and, for mail, we are root). */
export const installed = (...programs) => programs.every((name) => ['/usr/bin', '/usr/sbin', '/usr/local/bin'].some((folder) => existsSync(`${folder}/${name}`)))
export const isRoot = process.getuid() === 0

/** Fields `cell`, `browser` and `page` are there once the tests run; the last test finds what went wrong on the page. */
export function stage(options = {}) {
  const here = {}
  before(async () => {
    ;[here.cell, here.browser] = await Promise.all([Cell.start(options), Browser.start()])
    await here.cell.claim()
    await here.cell.applied('dns', 'wireguard')
    here.page = await here.browser.person(here.cell)
    await signIn(here.page, owner)
    await here.page.locator('[data-line="live"]').waitFor()
  })
  after(async () => {
    if (process.env.PIC_UI_VERBOSE) console.log(here.cell?.output)
    await here.browser?.stop()
    await here.cell?.stop()
  })
  here.ends = () => test('nothing went wrong on the page meanwhile', () => assert.deepEqual(here.page.faults, []))
  return here
}
