// What axe finds on a page, once it is still.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { eventually } from './cell.mjs'

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export async function violations(page) {
  await page.evaluate(axe)
  const { violations: found } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  return found.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 2).map((node) => `${node.html.slice(0, 160)} (${node.failureSummary?.slice(0, 200)})`).join(' | ')}`)
}

export const still = (page) => eventually('the page is still', () => page.evaluate(() => !document.querySelector('[role=status][aria-label="Loading"]') && document.getAnimations().every((one) => one.playState !== 'running' || one.effect?.getTiming().iterations === Infinity)))

/** Nothing for axe to find, and nothing wider than the screen. */
export async function clean(page, what) {
  await still(page)
  assert.deepEqual(await violations(page), [], what)
  const [inner, wide] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth])
  assert.ok(wide <= inner, `${what} is ${wide} wide on a screen of ${inner}`)
}
