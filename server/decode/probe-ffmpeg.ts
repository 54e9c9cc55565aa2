import type { Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import type { DecodedFrame } from './decoder.ts'
import { FfmpegError } from './ffmpeg-error.ts'
import { openDecoder } from './open-decoder.ts'
import { encodePcmClip } from './pcm-clip.ts'
import { stampUnits } from './stamp-units.ts'

export interface ProbeOptions {
  /** Absolute. */
  readonly ffmpegPath: string
  readonly clock: Clock
  readonly log: Log
}

/** Made pictures: enough to see a decoder that is threaded over as many frames as there are cores in common. */
const frameCount = 10

/** For one picture; a start takes 0.1 s on a quiet machine, a loaded one may need long. */
const patienceMs = 5000

const size = 32
const geometry = {
  width: size,
  height: size,
  filter: `scale=${size}:${size}:flags=bilinear`,
  pixelFormat: 'yuv420p',
} as const

/**
 * Decodes made frames through the very command that cameras get, each given only after the picture of the one
 * before has come, and looks at the pixels. Rejects with FfmpegError (`ffmpeg_unfit`) for a build that keeps frames
 * back, loses or re-times them, or shows something else. Takes 0.1 s.
 */
export async function probeFfmpeg(options: ProbeOptions): Promise<void> {
  const reply = new Reply(options.clock)
  await using decoder = openDecoder({
    ...options,
    geometry,
    listener: {
      onFrame: (frame) => reply.settle(frame),
      onLost: (_stamped, _loss, reason) => reply.settle(reason),
      onRestart: (reason) => reply.settle(reason),
    },
  })
  const pixels = new Uint8Array(decoder.memory)
  const clip = { width: size, height: size, count: frameCount, keyEvery: 5, lumaOf }
  for (const [index, stamped] of stampUnits(encodePcmClip(clip)).entries()) {
    const awaited = reply.next()
    decoder.push(stamped)
    const frame = await awaited
    if (typeof frame === 'string') throw unfit(options.ffmpegPath, frame)
    const luma = pixels[frame.byteOffset] ?? 0
    frame.release()
    if (Math.abs(luma - lumaOf(index)) > 4)
      throw unfit(options.ffmpegPath, 'a made picture came out with other pixels')
  }
}

function unfit(path: string, reason: string): FfmpegError {
  return new FfmpegError('ffmpeg_unfit', `${path} does not decode as cameras need it: ${reason}`)
}

function lumaOf(index: number): number {
  return 30 + 20 * index
}

/** What came of the last unit: a frame, or why there is none. */
class Reply {
  readonly #clock: Clock
  #settle: ((reply: DecodedFrame | string) => void) | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  next(): Promise<DecodedFrame | string> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(patienceMs, () =>
        this.settle('it keeps back, loses or re-times frames'),
      )
      this.#settle = (reply) => {
        timer[Symbol.dispose]()
        resolve(reply)
      }
    })
  }

  settle(reply: DecodedFrame | string): void {
    const settle = this.#settle
    this.#settle = null
    settle?.(reply)
  }
}
