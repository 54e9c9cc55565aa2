import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { readLines } from '#gpu/output-lines.ts'
import type { Size } from '#gpu/letterbox.ts'
import { assert } from '#std/assert.ts'
import { partSuffix } from '#std/atomic-file.ts'
import { messageOf } from '#std/coded-error.ts'
import { StageError } from './stage-error.ts'

export interface Mp4EncoderOptions extends Size {
  readonly path: string
  readonly ffmpegPath: string
}

/** Times of pictures in the file, a second; exact for the rates of film, television and their 1000/1001. */
const ticksASecond = 90_000

/**
 * H.264 in MP4 by an FFmpeg child: raw pictures go in with their times, in IVF, whose header is 12 bytes a picture. The
 * file has its name once `place` was called.
 */
export class Mp4Encoder implements AsyncDisposable {
  readonly #options: Mp4EncoderOptions
  readonly #child: ChildProcess
  readonly #input: Writable
  readonly #exit = Promise.withResolvers<number | null>()
  #lastLine = ''
  #isPlaced = false

  private constructor(options: Mp4EncoderOptions) {
    this.#options = options
    this.#child = spawn(options.ffmpegPath, argumentsOf(options), {
      // Ctrl-C at the terminal is ours to answer.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: {},
      windowsHide: true,
    })
    const { stdin, stderr } = this.#child
    assert(stdin !== null && stderr !== null, 'pipes of a child')
    this.#input = stdin
    // Its exit follows and says more.
    stdin.on('error', () => {})
    readLines(stderr, (line) => {
      if (line.trim() !== '') this.#lastLine = line.trim().slice(0, 300)
    })
    this.#child.once('error', (error) => {
      this.#lastLine = messageOf(error)
      this.#exit.resolve(null)
    })
    this.#child.once('close', (code) => this.#exit.resolve(code))
  }

  static async open(options: Mp4EncoderOptions): Promise<Mp4Encoder> {
    await mkdir(dirname(options.path), { recursive: true })
    const encoder = new Mp4Encoder(options)
    await encoder.#write(fileHeader(options))
    return encoder
  }

  /** Resolves when the child has taken the pixels: yuv420p. Rejects with StageError where it is gone. */
  async add(pixels: Uint8Array, atMs: number): Promise<void> {
    const header = Buffer.alloc(12)
    header.writeUInt32LE(pixels.length, 0)
    header.writeBigUInt64LE(BigInt(Math.round(atMs * 1000)), 4)
    await this.#write(header)
    await this.#write(pixels)
  }

  async place(): Promise<void> {
    this.#input.end()
    const code = await this.#exit.promise
    if (code !== 0) throw this.#gone()
    this.#isPlaced = true
    await rename(`${this.#options.path}${partSuffix}`, this.#options.path)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isPlaced) return
    this.#child.kill('SIGKILL')
    await this.#exit.promise
    await rm(`${this.#options.path}${partSuffix}`, { force: true })
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const isWritten = await new Promise<boolean>((resolve) => {
      this.#input.write(bytes, (error) => resolve(error === null || error === undefined))
    })
    if (isWritten) return
    await this.#exit.promise
    throw this.#gone()
  }

  #gone(): StageError {
    const reason = this.#lastLine === '' ? 'it ended' : this.#lastLine
    return new StageError(
      'environment_missing',
      `ffmpeg cannot write ${this.#options.path}: ${reason}`,
    )
  }
}

function argumentsOf({ path }: Mp4EncoderOptions): readonly string[] {
  const words = [
    '-hide_banner -nostats -loglevel error -y -f ivf -i pipe:0 -fps_mode passthrough',
    `-enc_time_base 1:${ticksASecond} -video_track_timescale ${ticksASecond}`,
    // Edges of boxes are what a viewer looks at: finer than x264's 23.
    '-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -movflags +faststart -f mp4',
  ]
  return [...words.flatMap((line) => line.split(' ')), `file:${path}${partSuffix}`]
}

/** https://wiki.multimedia.cx/index.php/Duck_IVF; FFmpeg takes the fourcc of any codec, here raw yuv420p's. */
function fileHeader({ width, height }: Size): Buffer {
  const header = Buffer.alloc(32)
  header.write('DKIF', 0, 'latin1')
  header.writeUInt16LE(header.length, 6)
  header.write('I420', 8, 'latin1')
  header.writeUInt16LE(width, 12)
  header.writeUInt16LE(height, 14)
  // Ticks a second, as a fraction: microseconds.
  header.writeUInt32LE(1_000_000, 16)
  header.writeUInt32LE(1, 20)
  return header
}
