import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { readLines } from '#gpu/output-lines.ts'
import type { FramePool, FrameSlot } from '#server/decode/frame-pool.ts'
import { NutError } from '#server/decode/nut-error.ts'
import { NutReader } from '#server/decode/nut-reader.ts'
import { openPixelPipe } from '#server/decode/pixel-pipe.ts'
import { assert } from '#std/assert.ts'
import { messageOf } from '#std/coded-error.ts'
import { StageError } from './stage-error.ts'

export interface DecodeVideoOptions {
  readonly path: string
  readonly ffmpegPath: string
  /** Scales, after which pictures have the size of the pool's slots. */
  readonly filter: string
  readonly frameBytes: number
  /** Has `slotsAhead` slots more than the consumer holds at once. */
  readonly pool: FramePool
  /** All of them where null. */
  readonly framesMax: number | null
  readonly secondsMax: number | null
  readonly signal: AbortSignal
  /** What FFmpeg said of a broken file; some frames may be missing. */
  readonly onTrouble: (sentence: string) => void
}

export interface VideoFrame {
  /** From 0. */
  readonly index: number
  /** Since the video's start, exact to 1 us. */
  readonly atMs: number
  readonly pixels: Uint8Array
  /** To be called exactly once. */
  readonly release: () => void
}

/** What one read of a pipe brings at most, here and in `NutReader`. */
const readBytesMax = 65_536

/** Slots that the decoder must find free before it reads: pictures that one read can bring, and the one it begins. */
export function slotsAhead(frameBytes: number): number {
  return Math.ceil(readBytesMax / frameBytes) + 1
}

/**
 * Every picture of a video file, in order, by an FFmpeg child that waits while the consumer is behind: no more than the
 * pool's slots are in memory. Throws StageError `input_invalid` where there is no picture, and the signal's reason.
 */
export async function* decodeVideo(options: DecodeVideoOptions): AsyncGenerator<VideoFrame> {
  const { signal, path, onTrouble } = options
  signal.throwIfAborted()
  const child = new VideoChild(options)
  const onAbort = (): void => child.wake()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      const frame = await child.next(signal)
      if (frame === null) break
      yield frame
    }
    const trouble = await child.ended
    if (child.frames === 0)
      throw new StageError('input_invalid', `${path}: ${trouble ?? 'there is no picture in it'}`)
    if (trouble !== null) onTrouble(`${path}: ${trouble}`)
  } finally {
    signal.removeEventListener('abort', onAbort)
    await child.close()
  }
}

/**
 * Times leave the filter in microseconds under the name of milliseconds, the unit that `NutReader` takes whole. Two threads
 * decode: more would take the cores of the model, and one does not keep a fast one fed.
 */
function argumentsOf(options: DecodeVideoOptions): readonly string[] {
  const { path, filter, framesMax, secondsMax } = options
  const words = (line: string): readonly string[] => line.split(' ')
  return [
    // A playlist in disguise must not make it read elsewhere.
    ...words('-hide_banner -nostats -nostdin -loglevel error -protocol_whitelist file,pipe'),
    ...(secondsMax === null ? [] : words(`-t ${secondsMax}`)),
    ...words('-threads 2 -i'),
    `file:${path}`,
    ...words('-map 0:v:0 -fps_mode passthrough -filter_threads 1 -vf'),
    `${filter},settb=1/1000,setpts=max(0\\,round(T*1000000))`,
    ...words('-enc_time_base 1:1000 -c:v rawvideo -threads 1 -pix_fmt yuv420p'),
    ...(framesMax === null ? [] : words(`-frames:v ${framesMax}`)),
    ...words('-f nut -syncpoints none -strict -2 pipe:1'),
  ]
}

/** Its pictures wait in `#ready`, which the pool bounds; while that has too few free slots nothing is read. */
class VideoChild {
  readonly #options: DecodeVideoOptions
  readonly #spare: number
  readonly #reader: NutReader
  readonly #child: ChildProcess
  readonly #output: Readable
  readonly #ready: VideoFrame[] = []
  readonly #exit = Promise.withResolvers<string | null>()
  #writing: FrameSlot | null = null
  #wake: (() => void) | null = null
  #hasEnded = false
  #complaints = 0
  #lastComplaint = ''
  frames = 0

  constructor(options: DecodeVideoOptions) {
    this.#options = options
    this.#spare = slotsAhead(options.frameBytes)
    this.#reader = new NutReader(options.frameBytes, {
      onFrameStart: () => this.#onFrameStart(),
      onFrameEnd: (timeUs) => this.#onFrameEnd(timeUs),
    })
    const pipe = openPixelPipe()
    this.#child = spawn(options.ffmpegPath, argumentsOf(options), {
      // Ctrl-C at the terminal is ours to answer.
      detached: true,
      stdio: ['ignore', pipe?.writeFd ?? 'pipe', 'pipe'],
      env: {},
      windowsHide: true,
    })
    if (pipe !== null) closeSync(pipe.writeFd)
    this.#output = pipe === null ? this.#chunks() : this.#inPlace(pipe.readFd)
    this.#watch()
  }

  /** How it ended: null, or what went wrong. */
  get ended(): Promise<string | null> {
    return this.#exit.promise
  }

  /** Null after the last one. */
  async next(signal: AbortSignal): Promise<VideoFrame | null> {
    for (;;) {
      signal.throwIfAborted()
      const frame = this.#ready.shift()
      if (frame !== undefined) return frame
      if (this.#hasEnded) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  wake(): void {
    this.#wake?.()
    this.#wake = null
  }

  async close(): Promise<void> {
    this.#output.destroy()
    this.#child.kill('SIGKILL')
    await this.#exit.promise
    for (const frame of this.#ready.splice(0)) frame.release()
    this.#writing?.release()
    this.#writing = null
  }

  /** Right into the slots: see `openPixelPipe`. */
  #inPlace(fd: number): Readable {
    const onread = {
      buffer: () => this.#reader.room,
      callback: (count: number) => {
        this.#read(() => this.#reader.filled(count))
        if (!this.#hasRoom) socket.pause()
        return true
      },
    }
    const socket = new Socket({ fd, readable: true, writable: false, onread })
    return socket.resume()
  }

  #chunks(): Readable {
    const { stdout } = this.#child
    assert(stdout !== null, 'without a pixel pipe there is a stdout')
    return stdout.on('data', (chunk: Buffer) => {
      this.#read(() => this.#reader.push(chunk))
      if (!this.#hasRoom) stdout.pause()
    })
  }

  get #hasRoom(): boolean {
    return this.#options.pool.freeCount >= this.#spare
  }

  #read(take: () => void): void {
    try {
      take()
    } catch (error) {
      if (!(error instanceof NutError)) throw error
      this.#complain(error.message)
      this.#output.destroy()
      this.#child.kill('SIGKILL')
    }
  }

  #onFrameStart(): Uint8Array {
    const slot = this.#options.pool.lease()
    assert(slot !== null, 'nothing is read without free slots')
    this.#writing = slot
    return slot.pixels
  }

  #onFrameEnd(timeUs: number): void {
    const slot = this.#writing
    assert(slot !== null, 'a picture that ends has begun')
    this.#writing = null
    this.#ready.push({
      index: this.frames++,
      atMs: timeUs / 1000,
      pixels: slot.pixels,
      release: () => {
        slot.release()
        if (this.#hasRoom && this.#output.isPaused()) this.#output.resume()
      },
    })
    this.wake()
  }

  #watch(): void {
    let how: string | null = null
    let open = 2
    const onClose = (): void => {
      if (--open > 0) return
      this.#hasEnded = true
      this.#exit.resolve(how ?? this.#said())
      this.wake()
    }
    this.#output.on('error', () => {})
    this.#output.once('close', onClose)
    this.#child.once('error', (error) => this.#complain(messageOf(error)))
    this.#child.once('close', (code, signal) => {
      if (code !== 0) how = `ffmpeg ended with ${signal ?? `code ${code}`}${this.#lastWords()}`
      onClose()
    })
    const { stderr } = this.#child
    assert(stderr !== null, 'stderr is a pipe')
    readLines(stderr, (line) => this.#complain(line))
  }

  #complain(line: string): void {
    if (line.trim() === '') return
    this.#complaints++
    this.#lastComplaint = line.trim().slice(0, 300)
  }

  #said(): string | null {
    return this.#complaints === 0 ? null : `ffmpeg complained${this.#lastWords()}`
  }

  #lastWords(): string {
    if (this.#complaints === 0) return ''
    const more = this.#complaints > 1 ? ` (the last of ${this.#complaints})` : ''
    return `: ${this.#lastComplaint}${more}`
  }
}
