import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'
import { LossCounter } from '#std/loss-counter.ts'
import type { DecodeGeometry } from './decoder.ts'
import { decodeArguments } from './ffmpeg-arguments.ts'
import { NutError } from './nut-error.ts'
import { type NutFrameSink, NutReader } from './nut-reader.ts'

export interface DecodeChildListener extends NutFrameSink {
  /** It ended by itself, and no frame follows. Not called once `close` was. */
  onExit(reason: string): void
}

/** A running decoder process as the supervisor sees it. */
export interface DecodeChild {
  readonly pid: number | null
  /** Bytes that it has not read yet and that wait in this process. */
  readonly queuedBytes: number
  write(bytes: Buffer): void
  /** Resolves when it is gone; no frame follows the call. */
  close(): Promise<void>
}

export interface DecodeChildOptions {
  readonly ffmpegPath: string
  readonly geometry: DecodeGeometry
  readonly listener: DecodeChildListener
  readonly clock: Clock
  readonly log: Log
}

/** How long an FFmpeg that was asked to end may take. */
const killAfterMs = 1000

/** Enough of a line to tell what went wrong. */
const lineCharsMax = 300

/** Starts FFmpeg; where that fails `onExit` says so, later. */
export function startDecodeChild(options: DecodeChildOptions): DecodeChild {
  return new FfmpegChild(options)
}

class FfmpegChild implements DecodeChild {
  readonly #options: DecodeChildOptions
  /** Null when it could not be started. */
  readonly #child: ChildProcessWithoutNullStreams | null
  readonly #reader: NutReader
  readonly #complaints: LossCounter
  readonly #exit = Promise.withResolvers<void>()
  #state: 'running' | 'ending' | 'closed' = 'running'
  #lastLine = ''

  constructor(options: DecodeChildOptions) {
    this.#options = options
    const { geometry, listener, clock, log } = options
    this.#reader = new NutReader(geometry.width * geometry.height * 3, listener)
    this.#complaints = new LossCounter(clock, (count, line) =>
      log.warn('ffmpeg complains', { count, line }),
    )
    this.#child = spawnFfmpeg(options, (error) => {
      this.#lastLine = messageOf(error)
      this.#exited('no process')
    })
    if (this.#child !== null) this.#attach(this.#child)
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  get queuedBytes(): number {
    return this.#child?.stdin.writableLength ?? 0
  }

  write(bytes: Buffer): void {
    if (this.#child?.stdin.writable === true) this.#child.stdin.write(bytes)
  }

  close(): Promise<void> {
    this.#end()
    this.#state = 'closed'
    return this.#exit.promise
  }

  #attach(child: ChildProcessWithoutNullStreams): void {
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk))
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#takeStderr(text))
    // Its exit follows and says more.
    for (const pipe of [child.stdin, child.stdout, child.stderr])
      pipe.on('error', () => this.#end())
    // A wrapper script's own children end when they find no more input.
    child.once('exit', () => child.stdin.destroy())
    child.once('close', (code, signal) => this.#exited(signal ?? `code ${code}`))
  }

  /** FFmpeg acts on SIGTERM only between two reads: the end of its input lets it see the signal. */
  #end(): void {
    const child = this.#child
    if (this.#state !== 'running' || child === null) return
    this.#state = 'ending'
    child.stdin.destroy()
    child.kill('SIGTERM')
    const timer = this.#options.clock.after(killAfterMs, () => child.kill('SIGKILL'))
    void this.#exit.promise.then(() => timer[Symbol.dispose]())
  }

  #read(chunk: Buffer): void {
    if (this.#state !== 'running') return
    try {
      this.#reader.push(chunk)
    } catch (error) {
      if (!(error instanceof NutError)) throw error
      this.#takeStderr(error.message)
      this.#end()
    }
  }

  #takeStderr(text: string): void {
    for (const line of text.split(/[\r\n]+/)) {
      const trimmed = line.trim().slice(0, lineCharsMax)
      if (trimmed === '') continue
      this.#lastLine = trimmed
      this.#complaints.add(trimmed)
    }
  }

  #exited(how: string): void {
    this.#complaints[Symbol.dispose]()
    this.#exit.resolve()
    if (this.#state === 'closed') return
    this.#state = 'closed'
    const lastWords = this.#lastLine === '' ? '' : `; its last words: ${this.#lastLine}`
    this.#options.listener.onExit(`ffmpeg ended with ${how}${lastWords}`)
  }
}

/** Its environment is empty: FFmpeg needs none, and ours may hold secrets. Fails later, never at once. */
function spawnFfmpeg(
  { ffmpegPath, geometry }: DecodeChildOptions,
  onError: (error: unknown) => void,
): ChildProcessWithoutNullStreams | null {
  try {
    const child = spawn(ffmpegPath, decodeArguments(geometry), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {},
      windowsHide: true,
    })
    if (child.pid !== undefined) {
      // A signal that could not be sent: the process is gone, which its exit says.
      child.on('error', () => {})
      return child
    }
    // Not all of its streams need exist then (EMFILE).
    child.once('error', onError)
  } catch (error) {
    setImmediate(onError, error)
  }
  return null
}
