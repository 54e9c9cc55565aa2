import { assert } from '#std/assert.ts'
import { sleep, systemClock } from '#std/clock.ts'
import { createLog } from '#std/log.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import type { DecodeGeometry, DecodeLoss, Decoder } from './decoder.ts'
import { type DecoderOptions, openDecoder } from './open-decoder.ts'

export const geometry: DecodeGeometry = {
  width: 64,
  height: 48,
  filter: 'scale=64:48:flags=bilinear',
  pixelFormat: 'yuv420p',
}

/** For tests: a decoder on the real program; of each frame the unit and its brightness in the middle. */
export class FfmpegRig implements AsyncDisposable {
  readonly decoder: Decoder
  readonly frames: { readonly stamped: StampedUnit; readonly luma: number }[] = []
  readonly lost: {
    readonly stamped: StampedUnit
    readonly loss: DecodeLoss
    readonly reason: string
  }[] = []
  readonly restarts: string[] = []
  readonly logged: string[] = []

  constructor(ffmpegPath: string, changes: Partial<DecoderOptions> = {}) {
    const log = createLog({
      clock: systemClock,
      level: 'debug',
      write: (line) => void this.logged.push(line),
    })
    this.decoder = openDecoder({
      ffmpegPath,
      geometry,
      clock: systemClock,
      log,
      listener: {
        onFrame: (frame) => {
          const at = frame.byteOffset + 24 * 64 + 32
          const luma = new Uint8Array(this.decoder.memory)[at] ?? 0
          this.frames.push({ stamped: frame.stamped, luma })
          frame.release()
        },
        onLost: (stamped, loss, reason) => this.lost.push({ stamped, loss, reason }),
        onRestart: (reason) => this.restarts.push(reason),
      },
      ...changes,
    })
  }

  get settled(): number {
    return this.frames.length + this.lost.length
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const untilMs = systemClock.nowMs() + 20_000
    while (!condition()) {
      const state = `${this.frames.length} frames, ${this.lost.length} lost`
      assert(systemClock.nowMs() < untilMs, `within 20 s: ${what}; ${state}`)
      await sleep(systemClock, 2)
    }
  }

  /** Each unit only after the one before has its outcome: one in, one out. */
  async pushOneByOne(units: readonly StampedUnit[]): Promise<void> {
    for (const stamped of units) {
      const settled = this.settled
      this.decoder.push(stamped)
      await this.until(() => this.settled > settled, 'a picture right after its unit')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.decoder[Symbol.asyncDispose]()
  }
}
