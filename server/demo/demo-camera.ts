import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { backoffDelayMs } from '#std/backoff.ts'
import { withTimeout, type Clock, type Timer } from '#std/clock.ts'
import { CodedError, messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'

const announcementSchema = z.object({ url: z.url() })

/** It listens within 0.3 s; what takes longer than this hangs. */
const announceLimitMs = 5000
/** A child that lived this long was sound: the next one starts after the shortest delay again. */
const soundAfterMs = 10_000
/** A child that does not end by SIGTERM within this is killed. */
const endLimitMs = 1000

export interface DemoOptions {
  readonly clipPath: string
  readonly fps: number
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  /** Path of the child's program; by default the one beside this file. */
  readonly program?: string
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
    const { clock } = this.#options
    const startedAtMs = clock.nowMs()
    this.#child.once('exit', (code, signal) => {
      if (this.#isClosed) return
      if (clock.nowMs() - startedAtMs >= soundAfterMs) this.#attempt = 0
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
      this.#retry = clock.after(delayMs, () => {
        this.#child = spawnChild(this.#options, this.#port)
        this.#watch()
      })
    })
  }
}

/** Null, with a line in the log, where there is no clip or it cannot start: the server does without. */
export async function openDemoCamera(options: DemoOptions): Promise<DemoCamera | null> {
  if (!existsSync(options.clipPath)) {
    options.log.warn('there is no demo clip: set-up makes it; the demo camera is left out')
    return null
  }
  const child = spawnChild(options, 0)
  try {
    return new DemoCamera(options, { child, url: await announcementOf(child, options.clock) })
  } catch (error) {
    await end(child, options.clock)
    if (!(error instanceof CodedError)) throw error
    options.log.warn('the demo camera is left out', { code: error.code, reason: error.message })
    return null
  }
}

function spawnChild(options: DemoOptions, port: number): ChildProcess {
  const { program = new URL('main.ts', import.meta.url).pathname } = options
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

/** The address in the first line that it prints. Throws CodedError `demo_failed`. */
function announcementOf(child: ChildProcess, clock: Clock): Promise<string> {
  return withTimeout(clock, firstUrlOf(child), announceLimitMs, () => {
    throw demoFailed(`the demo camera did not listen within ${announceLimitMs} ms`)
  })
}

async function firstUrlOf(child: ChildProcess): Promise<string> {
  if (child.stdout !== null)
    for await (const line of createInterface({ input: child.stdout })) {
      child.stdout.resume()
      return urlIn(line)
    }
  throw demoFailed('the demo camera ended before it listened')
}

function urlIn(line: string): string {
  try {
    return announcementSchema.parse(JSON.parse(line)).url
  } catch (error) {
    throw demoFailed(`the demo camera does not say where it is: ${messageOf(error)}`, error)
  }
}

function demoFailed(message: string, cause?: unknown): CodedError<'demo_failed'> {
  return new CodedError('demo_failed', message, { cause })
}

function end(child: ChildProcess, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const isOver = child.exitCode !== null || child.signalCode !== null
    // One that was never started tells of no exit.
    if (isOver || child.pid === undefined) return resolve()
    const timer = clock.after(endLimitMs, () => child.kill('SIGKILL'))
    child.once('exit', () => {
      timer[Symbol.dispose]()
      resolve()
    })
    child.kill('SIGTERM')
  })
}
