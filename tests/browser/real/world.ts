// Starts the stage (`cargo build -p holdfast-server --example stage`): a simulated org, the service with its console, and a
// clock that can be moved. Speaks to it as Salesforce's users, and time, would.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const target = process.env['CARGO_TARGET_DIR'] ?? join(import.meta.dirname, '../../../target')
const stage = join(target, process.env['HOLDFAST_PROFILE'] ?? 'debug', 'examples/stage')

type Facts = {
  console: string
  control: string
  first_owner: string
  org: { url: string; client_id: string; client_secret: string; username: string; password: string }
}

export class World {
  readonly console: string
  readonly firstStart: string
  readonly org: Facts['org']
  readonly #control: string
  readonly #child: ChildProcess

  private constructor(facts: Facts, child: ChildProcess) {
    this.console = facts.console.replace(/\/$/, '')
    this.firstStart = facts.first_owner
    this.org = facts.org
    this.#control = facts.control
    this.#child = child
  }

  static async start(records: number): Promise<World> {
    if (!existsSync(stage)) throw new Error(`no ${stage}: scripts/console.sh browser builds it`)
    const child = spawn(stage, [String(records)], { stdio: ['pipe', 'pipe', 'inherit'] })
    const line = await firstLine(child)
    return new World(JSON.parse(line) as Facts, child)
  }

  /** The Id of the new record. */
  async insert(object: string, record: Record<string, unknown>): Promise<string> {
    const { id } = (await this.#tell('/org/insert', { object, record })) as { id: string | null }
    if (id === null) throw new Error(`the org refused the new ${object}`)
    return id
  }

  async update(object: string, id: string, record: Record<string, unknown>) {
    const { is_done } = (await this.#tell('/org/update', { object, id, record })) as { is_done: boolean }
    if (!is_done) throw new Error(`the org refused to change ${id}`)
  }

  hide(object: string) {
    return this.#tell('/org/hide', { object })
  }

  show(object: string) {
    return this.#tell('/org/show', { object })
  }

  cutOff() {
    return this.#tell('/org/cut', {})
  }

  letBackIn() {
    return this.#tell('/org/mend', {})
  }

  letPass(seconds: number) {
    return this.#tell('/clock', { advance_s: seconds })
  }

  /** The stage ends when its standard input does. */
  async stop() {
    if (this.#child.exitCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin?.end()
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), 15_000)
    await ended
    clearTimeout(hard)
  }

  async #tell(path: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.#control}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`the stage answered ${response.status} to ${path}`)
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let told = ''
    child.stdout?.on('data', (bytes: Buffer) => {
      told += bytes.toString()
      const end = told.indexOf('\n')
      if (end >= 0) resolve(told.slice(0, end))
    })
    child.once('exit', (code) => reject(new Error(`the stage ended with ${code}`)))
    child.once('error', reject)
  })
}
