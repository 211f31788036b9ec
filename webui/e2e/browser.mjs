// Debian's Chromium, driven by playwright-core. Every page watches for what must never happen: an error in the console (a
// refused style, a broken promise), a request to anybody else.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'

const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const program = () => process.env.PIC_CHROMIUM ?? programs.find((one) => existsSync(one))

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage']

const patience = Number(process.env.PIC_PATIENCE_MS) || 60_000

export class Browser {
  static async start() {
    const browser = new Browser()
    browser.folder = await mkdtemp(path.join(tmpdir(), 'pic-chromium-'))
    browser.contexts = []
    // One process for all; a context is a person with cookies of their own.
    browser.chromium = await chromium.launch({ executablePath: program(), headless: true, args, env: { ...process.env, HOME: browser.folder } })
    return browser
  }

  /** A person in front of an empty browser. */
  async person(cell, options = {}) {
    const context = await this.chromium.newContext({ baseURL: cell.url, viewport: { width: 1280, height: 800 }, locale: 'en-GB', acceptDownloads: true, ...options })
    context.setDefaultTimeout(patience)
    this.contexts.push(context)
    const page = await context.newPage()
    page.faults = []
    page.on('pageerror', (error) => page.faults.push(`${error}`))
    page.on('console', (message) => {
      if (message.type() !== 'error') return
      // What the daemon refuses is part of a test; Chromium reports it as an error of its own.
      if (/Failed to load resource|WebSocket connection|ERR_CONNECTION/.test(message.text())) return
      page.faults.push(message.text())
    })
    page.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(cell.url) && !/^(data|blob|ws):/.test(url)) page.faults.push(`a request to ${url}`)
    })
    return page
  }

  async stop() {
    for (const context of this.contexts) await context.close()
    await this.chromium.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

export async function signIn(page, { username, password }) {
  await page.goto('/')
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('#main').waitFor()
}
