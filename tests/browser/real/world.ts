// Starts the real programs, `holdfast serve` and `simorg serve`, in a folder of their own, and speaks to simorg as its
// admin would.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const target = process.env['CARGO_TARGET_DIR'] ?? join(import.meta.dirname, '../../../target')
const profile = process.env['HOLDFAST_PROFILE'] ?? 'debug'
const program = (name: string) => join(target, profile, name)

export class World {
  readonly console: string
  readonly firstStart: string
  readonly org: SimOrg
  readonly #running: Running[]
  readonly #folder: string

  private constructor(console: string, firstStart: string, org: SimOrg, running: Running[], folder: string) {
    this.console = console
    this.firstStart = firstStart
    this.org = org
    this.#running = running
    this.#folder = folder
  }

  static async start({ records = ['Account=120', 'Contact=200'], serve = [] as string[] } = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-browser-'))
    const [orgPort, port] = [await freePort(), await freePort()]
    const sized = records.flatMap((object) => ['--records', object])
    const simorg = new Running(program('simorg'), ['serve', '--port', String(orgPort), ...sized])
    const org = new SimOrg(`http://127.0.0.1:${orgPort}`)
    await until('simorg answers', async () => (await fetch(`${org.url}/simorg/stats`)).ok)

    const holdfast = new Running(program('holdfast'), [
      'serve', '--listen', `127.0.0.1:${port}`, '--data-dir', folder, '--round-every', '2s', ...serve,
    ])
    const link = await holdfast.line(/http\S+\/first-start#\S+/)
    const console = new URL(link).origin
    await until('holdfast answers', async () => (await fetch(`${console}/readyz`)).ok)
    return new World(console, link, org, [holdfast, simorg], folder)
  }

  async stop() {
    for (const running of this.#running) await running.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** The simulated org, changed from outside. */
export class SimOrg {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  async tell(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/simorg${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`simorg answered ${response.status} to ${method} ${path}: ${await response.text()}`)
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }

  create(type: string, fields: Record<string, unknown>) {
    return this.tell('POST', '/records', { create: [{ attributes: { type }, ...fields }] })
  }

  hide(object: string) {
    return this.tell('POST', '/users/admin@simorg.example/permissions', { hide_objects: [object] })
  }

  show(object: string) {
    return this.tell('POST', '/users/admin@simorg.example/permissions', { show_objects: [object] })
  }

  cutOff() {
    return this.tell('POST', '/faults', { at: 'any', effect: { status: { status: 503, code: 'SERVER_UNAVAILABLE', message: 'down for maintenance', body: 'json' } } })
  }

  letBackIn() {
    return this.tell('DELETE', '/faults')
  }
}

class Running {
  readonly #child: ChildProcess
  #told = ''

  constructor(path: string, args: string[]) {
    this.#child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, RUST_LOG: 'info' } })
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (bytes) => (this.#told += bytes))
  }

  async line(pattern: RegExp): Promise<string> {
    let found: string | undefined
    await until(`a line like ${pattern}`, async () => {
      if (this.#child.exitCode !== null) throw new Error(`the program ended: ${this.#told}`)
      found = pattern.exec(this.#told)?.[0]
      return found !== undefined
    })
    return found ?? ''
  }

  async stop() {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(hard)
  }
}

async function until(what: string, isSo: () => Promise<boolean>) {
  const deadline = Date.now() + 60_000
  let last: unknown
  while (Date.now() < deadline) {
    try {
      if (await isSo()) return
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`waited for: ${what}`, { cause: last })
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
