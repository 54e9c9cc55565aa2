import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'
import { LossCounter } from '#std/loss-counter.ts'
import { frameBytesOf } from './frame-bytes.ts'
import { NutError } from './nut-error.ts'
import { type NutFrameSink, NutReader } from './nut-reader.ts'
import { type StartedFfmpeg, startFfmpeg, type StartFfmpegOptions } from './start-ffmpeg.ts'

export interface DecodeChildListener extends NutFrameSink {
  /** It ended by itself, and no frame follows. Not called once `close` was. */
  onExit(reason: string): void
}

/** A running decoder process as the supervisor sees it. */
export interface DecodeChild {
  readonly pid: number | null
  /** Bytes that it has not read yet and that wait in this process. */
  readonly queuedBytes: number
  /** `queued`: the bytes must stay as they are, the process has not taken all of them yet. */
  write(bytes: Buffer): 'taken' | 'queued'
  /** Resolves when it is gone; no frame follows the call. */
  close(): Promise<void>
}

export interface DecodeChildOptions extends StartFfmpegOptions {
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
  readonly #started: StartedFfmpeg | null
  readonly #reader: NutReader
  readonly #complaints: LossCounter
  readonly #exit = Promise.withResolvers<void>()
  #state: 'running' | 'ending' | 'closed' = 'running'
  #lastLine = ''

  constructor(options: DecodeChildOptions) {
    this.#options = options
    const { geometry, listener, clock, log } = options
    this.#reader = new NutReader(frameBytesOf(geometry), listener)
    this.#complaints = new LossCounter(clock, (count, line) =>
      log.warn('ffmpeg complains', { count, line }),
    )
    const onError = (error: unknown): void => {
      this.#lastLine = messageOf(error)
      this.#exited('no process')
    }
    const input = {
      room: () => this.#reader.room,
      onFilled: (count: number) => this.#read(() => this.#reader.filled(count)),
      onChunk: (chunk: Uint8Array) => this.#read(() => this.#reader.push(chunk)),
    }
    this.#started = startFfmpeg(options, input, onError)
    if (this.#started !== null) this.#attach(this.#started)
  }

  get pid(): number | null {
    return this.#started?.child.pid ?? null
  }

  get queuedBytes(): number {
    return this.#started?.stdin.writableLength ?? 0
  }

  write(bytes: Buffer): 'taken' | 'queued' {
    const stdin = this.#started?.stdin
    if (stdin?.writable !== true) return 'taken'
    // A pipe with room is written to within the call.
    stdin.write(bytes)
    return stdin.writableLength === 0 ? 'taken' : 'queued'
  }

  close(): Promise<void> {
    this.#end()
    this.#state = 'closed'
    return this.#exit.promise
  }

  #attach({ child, stdin, stdout, stderr }: StartedFfmpeg): void {
    stderr.setEncoding('utf8').on('data', (text: string) => this.#takeStderr(text))
    // Its exit follows and says more.
    for (const pipe of [stdin, stdout, stderr]) pipe.on('error', () => this.#end())
    // A wrapper script's own children end when they find no more input.
    child.once('exit', () => stdin.destroy())
    let how = ''
    let open = 2
    const onClose = (): void => {
      if (--open === 0) this.#exited(how)
    }
    stdout.once('close', onClose)
    child.once('close', (code, signal) => {
      how = signal ?? `code ${code}`
      onClose()
    })
  }

  /**
   * FFmpeg acts on SIGTERM only between two reads: the end of its input lets it see the signal. After this nothing is
   * read into the slot any more.
   */
  #end(): void {
    if (this.#state !== 'running' || this.#started === null) return
    this.#state = 'ending'
    const { child, stdin, stdout } = this.#started
    stdin.destroy()
    stdout.destroy()
    child.kill('SIGTERM')
    const timer = this.#options.clock.after(killAfterMs, () => child.kill('SIGKILL'))
    void this.#exit.promise.then(() => timer[Symbol.dispose]())
  }

  #read(take: () => void): void {
    if (this.#state !== 'running') return
    try {
      take()
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
      // One that is told to end complains of the pipe that it loses.
      if (this.#state === 'running') this.#complaints.add(trimmed)
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
