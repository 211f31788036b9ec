// A cell as a user starts it (tools/run.sh: picd and pic-agent), on ports and in a folder of its own. What is started here
// is ended here, by its pid.
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../..', import.meta.url))
const programs = process.env.PIC_PROGRAMS ?? path.join(source, 'build/release')
export const dist = fileURLToPath(new URL('../dist', import.meta.url))
export const deadline = 60_000
const services_with_ports = ['ntp', 'http', 'https', 'calendar', 'files', 'webmail', 'smtp', 'submission', 'submissions', 'imaps']

export async function eventually(what, condition) {
  const end = Date.now() + deadline
  let last
  for (;;) {
    try {
      const found = await condition()
      if (found) return found
    } catch (error) {
      last = error
    }
    if (Date.now() > end) throw new Error(`not within ${deadline} ms: ${what}${last ? ` (${last.message})` : ''}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

export const freePort = () =>
  new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })

export const owner = { username: 'ada', password: 'correct horse battery staple' }

export class Cell {
  /** `supervised`: by tools/run.sh; else picd and pic-agent each alone, so that one of them can be killed. `values`: more of PIC_VALUES. */
  static async start({ supervised = true, values = {} } = {}) {
    const cell = new Cell()
    cell.folder = await mkdtemp(path.join(tmpdir(), 'pic-ui-'))
    // Postfix and Dovecot run as users of their own, who must pass here; picd's folder within stays closed.
    await chmod(cell.folder, 0o711)
    cell.port = await freePort()
    // Two cells at once must not meet on the services' usual ports.
    cell.ports = Object.fromEntries(await Promise.all(services_with_ports.map(async (name) => [name, await freePort()])))
    cell.environment = {
      ...process.env,
      PIC_DATA: path.join(cell.folder, 'data'),
      PIC_LISTEN: `127.0.0.1:${cell.port}`,
      PIC_BUS: `127.0.0.1:${await freePort()}`,
      PIC_DNS_PORT: String(await freePort()),
      PIC_STATE: path.join(cell.folder, 'state'),
      PIC_VALUES: [...Object.entries(cell.ports).map(([name, port]) => `${name}_port=${port}`), ...Object.entries(values).map(([name, value]) => `${name}=${value}`)].join(','),
      PIC_FILES: `127.0.0.1:${cell.ports.files}`,
      PIC_UI: dist,
      PIC_PROGRAMS: programs,
      PATH: `${path.join(source, 'build/coredns')}:${process.env.PATH}`,
    }
    cell.url = `http://127.0.0.1:${cell.port}`
    cell.children = new Map()
    cell.output = ''
    if (supervised) cell.spawn('run.sh', path.join(source, 'tools/run.sh'))
    else {
      cell.startDaemon()
      cell.spawn('pic-agent', path.join(programs, 'pic-agent'), '--services', 'dns,wireguard')
    }
    await cell.answers()
    return cell
  }

  startDaemon() {
    this.spawn('picd', path.join(programs, 'picd'))
  }

  answers() {
    return eventually('the daemon answers', async () => (await fetch(`${this.url}/api/v1/setup`)).ok)
  }

  spawn(name, program, ...words) {
    const child = spawn(program, words, { env: this.environment, cwd: source, stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (text) => {
      this.output = (this.output + text).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.ended = new Promise((done) => child.once('exit', done))
    this.children.set(name, child)
  }

  async end(name, signal = 'SIGTERM') {
    const child = this.children.get(name)
    this.children.delete(name)
    child?.kill(signal)
    await child?.ended
  }

  async stop() {
    for (const name of [...this.children.keys()].reverse()) await this.end(name)
    await rm(this.folder, { recursive: true, force: true })
  }

  setupToken() {
    return readFile(path.join(this.environment.PIC_DATA, 'setup-token'), 'utf8').then((text) => text.trim())
  }

  /** Claims it without the wizard. */
  async claim(some = {}) {
    const session = await this.call('POST', '/setup', { setup_token: await this.setupToken(), ...owner, cell_name: 'home', domain: 'cell.home.arpa', vpn_range: '10.10.0.0/24', ...some })
    this.csrf = session.csrf_token
    return this
  }

  async signIn() {
    this.csrf = (await this.call('POST', '/session', owner)).csrf_token
  }

  /** The API as a script uses it, beside the browser. */
  async call(method, at, body, headers = {}) {
    const response = await fetch(`${this.url}/api/v1${at}`, {
      method,
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...(this.cookie && { Cookie: this.cookie }), ...(this.csrf && method !== 'GET' && { 'X-CSRF-Token': this.csrf }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const cookie = response.headers.get('set-cookie')
    if (cookie) this.cookie = cookie.split(';')[0]
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${at}: ${response.status} ${text}`)
    return text && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text
  }

  applied(...names) {
    return eventually(`${names} applied`, async () => {
      const { items } = await this.call('GET', '/services')
      return names.every((name) => items.some((one) => one.name === name && one.state === 'applied' && one.applied_revision >= one.desired_revision))
    })
  }
}

export const isBuilt = () => existsSync(path.join(dist, 'index.html'))
