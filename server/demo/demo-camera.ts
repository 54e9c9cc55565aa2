import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { backoffDelayMs } from '#std/backoff.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { CodedError } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'

const announcementSchema = z.object({ url: z.url() })

/** A child that does not end by SIGTERM within this is killed. */
const endLimitMs = 1000

export interface DemoOptions {
  readonly clipPath: string
  readonly fps: number
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
}

/** The demo RTSP camera: a child process, started again on the same port when it dies. */
export class DemoCamera implements AsyncDisposable {
  readonly url: string
  readonly #options: DemoOptions
  readonly #port: number
  #child: ChildProcess
  #retry: Timer | null = null
  #attempt = 0
  #isClosed = false

  constructor(options: DemoOptions, first: { child: ChildProcess; url: string }) {
    this.#options = options
    this.url = first.url
    this.#port = Number(new URL(first.url).port)
    this.#child = first.child
    this.#watch()
  }

  get pid(): number | null {
    return this.#child.pid ?? null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#retry?.[Symbol.dispose]()
    await end(this.#child, this.#options.clock)
  }

  #watch(): void {
    this.#child.once('exit', (code, signal) => {
      if (this.#isClosed) return
      const delayMs = backoffDelayMs({
        attempt: this.#attempt++,
        firstMs: 250,
        capMs: 5000,
        random: this.#options.random(),
      })
      this.#options.log.warn('the demo camera ended and is started again', {
        code,
        signal,
        delayMs,
      })
      this.#retry = this.#options.clock.after(delayMs, () => {
        this.#child = spawnChild(this.#options, this.#port)
        this.#watch()
      })
    })
  }
}

/** Null, with a line in the log, where set-up has not made the clip: the server does without. */
export async function openDemoCamera(options: DemoOptions): Promise<DemoCamera | null> {
  if (!existsSync(options.clipPath)) {
    options.log.warn('there is no demo clip: set-up makes it; the demo camera is left out')
    return null
  }
  const child = spawnChild(options, 0)
  try {
    return new DemoCamera(options, { child, url: await announcementOf(child) })
  } catch (error) {
    await end(child, options.clock)
    throw error
  }
}

function spawnChild(options: DemoOptions, port: number): ChildProcess {
  const program = new URL('main.ts', import.meta.url).pathname
  const argv = ['--clip', options.clipPath, '--fps', String(options.fps), '--port', String(port)]
  // It ends when its stdin closes, so it does not outlive this process however that ends.
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.on('error', (error) =>
    options.log.error('the demo camera cannot start', { reason: error.message }),
  )
  child.stdin?.on('error', (error) =>
    options.log.debug('demo camera stdin', { reason: error.message }),
  )
  return child
}

/** The first line it prints. */
async function announcementOf(child: ChildProcess): Promise<string> {
  if (child.stdout !== null)
    for await (const line of createInterface({ input: child.stdout })) {
      const parsed = announcementSchema.safeParse(JSON.parse(line))
      child.stdout.resume()
      if (parsed.success) return parsed.data.url
      break
    }
  throw new CodedError('demo_failed', 'the demo camera ended before it listened')
}

function end(child: ChildProcess, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const timer = clock.after(endLimitMs, () => child.kill('SIGKILL'))
    child.once('exit', () => {
      timer[Symbol.dispose]()
      resolve()
    })
    child.kill('SIGTERM')
  })
}
