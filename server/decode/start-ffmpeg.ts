import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { assert } from '#std/assert.ts'
import type { DecodeGeometry } from './decoder.ts'
import { decodeArguments } from './ffmpeg-arguments.ts'
import { openPixelPipe, type PixelPipe } from './pixel-pipe.ts'

export interface StartFfmpegOptions {
  readonly ffmpegPath: string
  readonly geometry: DecodeGeometry
  /** For tests: null where none can be made. */
  readonly openPixelPipe?: () => PixelPipe | null
}

export interface StartedFfmpeg {
  readonly child: ChildProcess
  readonly stdin: Writable
  /** Its bytes go to the `PixelInput`; here to be watched and destroyed. */
  readonly stdout: Readable
  readonly stderr: Readable
}

/** What takes the pixels: in place where a pixel pipe could be made, else in chunks. */
export interface PixelInput {
  /** Memory for the next bytes. */
  room(): Uint8Array
  onFilled(count: number): void
  onChunk(chunk: Uint8Array): void
}

/**
 * Starts FFmpeg with an empty environment: it needs none, and ours may hold secrets. Null when it cannot be started;
 * `onError` then follows, never at once.
 */
export function startFfmpeg(
  options: StartFfmpegOptions,
  input: PixelInput,
  onError: (error: unknown) => void,
): StartedFfmpeg | null {
  const pipe = (options.openPixelPipe ?? openPixelPipe)()
  const ownEnd = pipe === null ? null : socketOn(pipe, input)
  const child = spawnWith(options, pipe?.writeFd ?? 'pipe', onError)
  // The child has a copy of its own, whose end ends the stream.
  if (pipe !== null) closeSync(pipe.writeFd)
  if (child === null) {
    ownEnd?.destroy()
    return null
  }
  child.stdout?.on('data', (chunk: Buffer) => input.onChunk(chunk))
  const { stdin, stderr } = child
  const stdout = ownEnd ?? child.stdout
  assert(stdin && stdout && stderr, 'pipes of a child that was started')
  return { child, stdin, stdout, stderr }
}

function socketOn(pipe: PixelPipe, input: PixelInput): Socket {
  const onread = {
    buffer: () => input.room(),
    callback: (count: number) => {
      input.onFilled(count)
      return true
    },
  }
  return new Socket({ fd: pipe.readFd, readable: true, writable: false, onread })
}

function spawnWith(
  { ffmpegPath, geometry }: StartFfmpegOptions,
  stdout: number | 'pipe',
  onError: (error: unknown) => void,
): ChildProcess | null {
  try {
    const child = spawn(ffmpegPath, decodeArguments(geometry), {
      // A process group of its own: Ctrl-C at the server's terminal is the server's to answer.
      detached: true,
      stdio: ['pipe', stdout, 'pipe'],
      env: {},
      windowsHide: true,
    })
    if (child.pid !== undefined) {
      // A signal that could not be sent: the process is gone, which its exit says.
      child.on('error', () => {})
      return child
    }
    child.once('error', onError)
  } catch (error) {
    setImmediate(onError, error)
  }
  return null
}
