import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { sleep, systemClock } from '#std/clock.ts'
import packageJson from '../../package.json' with { type: 'json' }

const repository = resolve(import.meta.dirname, '../..')
/** As `npm start` does it, without the program. */
const startArguments = packageJson.scripts.start.split(' ').slice(1)

export interface ServerOptions {
  /** The YAML of its configuration file; JSON is YAML too. */
  readonly config?: unknown
  readonly env?: Readonly<Record<string, string>>
  readonly demo?: boolean
}

/** A real server process on free ports, as a user would start it. Disposing ends it and looks that it went. */
export class SightlineServer implements AsyncDisposable {
  readonly url: string
  readonly child: ChildProcess
  readonly #folder: string
  readonly #log: string[]

  constructor(url: string, child: ChildProcess, folder: string, log: string[]) {
    this.url = url
    this.child = child
    this.#folder = folder
    this.#log = log
  }

  get log(): readonly string[] {
    return this.#log
  }

  get socketUrl(): string {
    return `${this.url.replace('http', 'ws')}/ws/detections`
  }

  async getJson(path: string): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`)
    return response.json()
  }

  async addCamera(camera: unknown): Promise<Response> {
    return fetch(`${this.url}/api/cameras`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(camera),
    })
  }

  /** Ends it with `signal` and resolves with its exit code; null when a signal ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit')
      this.child.kill(signal)
      const timer = systemClock.after(10_000, () => this.child.kill('SIGKILL'))
      await exited
      timer[Symbol.dispose]()
    }
    return this.child.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Starts a server and waits until it answers. Throws with its log when it ends before. */
export async function startServer(options: ServerOptions = {}): Promise<SightlineServer> {
  const { child, log, folder } = await spawnServer(options)
  const url = await waitFor('the server to listen', () => {
    if (child.exitCode !== null) throw new Error(`the server ended:\n${log.join('\n')}`)
    return log
      .map((line) => /(http:\/\/[\d.]+:\d+)/.exec(line)?.[1])
      .find((found) => found !== undefined)
  })
  return new SightlineServer(url, child, folder, log)
}

/** Starts a server that is expected to refuse: its exit code and all it said. */
export async function startAndFail(
  options: ServerOptions,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const { child, log, folder } = await spawnServer(options)
  const timer = systemClock.after(20_000, () => child.kill('SIGKILL'))
  if (child.exitCode === null) await once(child, 'close')
  timer[Symbol.dispose]()
  await rm(folder, { recursive: true, force: true })
  return { exitCode: child.exitCode, output: log.join('\n') }
}

async function spawnServer(options: ServerOptions): Promise<{
  child: ChildProcess
  log: string[]
  folder: string
}> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-e2e-'))
  const config = join(folder, 'sightline.yaml')
  await writeFile(config, JSON.stringify(options.config ?? {}))
  const child = spawn(process.execPath, startArguments, {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      SIGHTLINE_CONFIG: config,
      SIGHTLINE_PORT: '0',
      SIGHTLINE_RTC_PORT: '0',
      SIGHTLINE_DEMO: options.demo === true ? 'on' : 'off',
      ...options.env,
    },
  })
  const log: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      log.push(...lines)
    })
  }
  return { child, log, folder }
}

/** Polls until `probe` gives something, or throws what it waited for. */
export async function waitFor<T>(
  what: string,
  probe: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  options: { readonly limitMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const untilMs = systemClock.nowMs() + (options.limitMs ?? 20_000)
  for (;;) {
    const found = await probe()
    if (found !== undefined && found !== null && found !== false) return found
    if (systemClock.nowMs() > untilMs) throw new Error(`waited in vain for ${what}`)
    await sleep(systemClock, options.everyMs ?? 50)
  }
}
