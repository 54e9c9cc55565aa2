import type { Clock, Timer } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { type DecodeChild, type DecodeChildOptions, startDecodeChild } from './decode-child.ts'
import type {
  DecodedFrame,
  DecodeGeometry,
  DecodeLoss,
  Decoder,
  DecoderListener,
} from './decoder.ts'
import { areUsable, FlvWriter, flvUnitBytesMax } from './flv-writer.ts'
import { frameBytesOf } from './frame-bytes.ts'
import { FramePool, type FrameSlot } from './frame-pool.ts'
import { RestartPolicy } from './restart-policy.ts'
import { UnitLedger } from './unit-ledger.ts'

export interface DecoderOptions {
  /** Absolute, as `findFfmpeg` says. */
  readonly ffmpegPath: string
  readonly geometry: DecodeGeometry
  readonly listener: DecoderListener
  readonly clock: Clock
  readonly log: Log
  /** For tests: another process than FFmpeg. */
  readonly startChild?: (options: DecodeChildOptions) => DecodeChild
  readonly limits?: Partial<DecodeLimits>
}

export interface DecodeLimits {
  /** What may wait for FFmpeg's stdin: two key frames of a 4K camera. Beyond, units are dropped up to the next IDR. */
  readonly queuedBytesMax: number
  /** Units in the child: 8 s at 30 fps, long past any use. The same policy. */
  readonly outstandingMax: number
  /** A child that takes units and gives no frame for so long is ended: it hangs. Starting takes 0.1 s. */
  readonly silenceMsMax: number
  /** A child is replaced at the key frame after so many units: half of FLV's times, 1.1 years at 30 fps. */
  readonly unitsMax: number
}

const decodeLimits: DecodeLimits = {
  queuedBytesMax: 1024 * 1024,
  outstandingMax: 256,
  silenceMsMax: 5000,
  unitsMax: 2 ** 30,
}

/**
 * A decoder around one FFmpeg child. The child starts with the first key frame. Units are lost as `damaged` while
 * there is nothing to decode them with (before a key frame, after damage or a cut) and as `failed` where FFmpeg or
 * this process could not do its part.
 */
export function openDecoder(options: DecoderOptions): Decoder {
  return new SupervisedDecoder(options)
}

/** Why units are lost until the next key frame. */
interface Wait {
  readonly loss: DecodeLoss
  readonly reason: string
}

const closed: Wait = { loss: 'failed', reason: 'the decoder is closed' }

function refusalByUnit(unit: AccessUnit): Wait | null {
  if (unit.isDamaged) return { loss: 'damaged', reason: 'packets are missing' }
  if (!areUsable(unit.parameterSets)) return { loss: 'damaged', reason: 'no parameter sets yet' }
  if (unit.data.length <= flvUnitBytesMax) return null
  return { loss: 'failed', reason: 'an access unit of 16 MiB or more' }
}

class SupervisedDecoder implements Decoder {
  readonly #options: DecoderOptions
  readonly #limits: DecodeLimits
  readonly #pool: FramePool
  readonly #ledger: UnitLedger
  readonly #watchdog: Timer
  #writer = new FlvWriter()
  #child: DecodeChild | null = null
  /** Of children that were told to end and have not yet. */
  readonly #endings = new Set<Promise<void>>()
  readonly #restarts = new RestartPolicy()
  /** The slot that is being written. */
  #writing: FrameSlot | null = null
  #wait: Wait | null = { loss: 'damaged', reason: 'no key frame yet' }
  /** The last instant at which nothing was amiss: a frame came, or no unit was outstanding. */
  #progressAtMs = 0
  #isDisposed = false

  constructor(options: DecoderOptions) {
    this.#options = options
    this.#limits = { ...decodeLimits, ...options.limits }
    this.#pool = new FramePool(frameBytesOf(options.geometry))
    this.#ledger = new UnitLedger(this.#limits.outstandingMax)
    this.#watchdog = options.clock.every(1000, () => this.#endIfSilent())
  }

  get memory(): SharedArrayBuffer {
    return this.#pool.memory
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  push(stamped: StampedUnit): void {
    this.#wait = this.#refusalOf(stamped.unit)
    if (this.#wait !== null)
      return this.#options.listener.onLost(stamped, this.#wait.loss, this.#wait.reason)
    const child = this.#child ?? this.#start()
    if (this.#ledger.count === 0) this.#progressAtMs = this.#options.clock.nowMs()
    const number = this.#ledger.add(stamped)
    const taken = child.write(this.#writer.write(stamped.unit, number))
    if (taken === 'queued') this.#writer.giveAway()
  }

  /**
   * The child stays: an IDR picture makes H.264 forget everything before it, other parameter sets go in as a new
   * sequence header, and what still comes out of the old units is dropped by its number. A new one would cost
   * 60 ms of the first picture.
   */
  reset(): void {
    this.#giveUp({ loss: 'damaged', reason: 'the source was cut' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    this.#watchdog[Symbol.dispose]()
    this.#endChild()
    this.#giveUp(closed)
    await Promise.all(this.#endings)
  }

  /** Why this unit does not go into the child, or null; it holds on until a key frame is let in. */
  #refusalOf(unit: AccessUnit): Wait | null {
    if (this.#isDisposed) return closed
    const refusal = refusalByUnit(unit)
    if (refusal !== null) return refusal
    if (!unit.isKey && this.#wait !== null) return this.#wait
    if (this.#isBehind()) return { loss: 'failed', reason: 'the decoder is behind' }
    if (unit.isKey) this.#replaceWornOutChild()
    if (this.#child !== null || this.#restarts.mayStart(this.#options.clock.nowMs())) return null
    return { loss: 'failed', reason: 'the decoder waits before its next start' }
  }

  #isBehind(): boolean {
    return this.#ledger.isFull || (this.#child?.queuedBytes ?? 0) > this.#limits.queuedBytesMax
  }

  #start(): DecodeChild {
    const { ffmpegPath, geometry, clock, log } = this.#options
    this.#ledger.restart()
    this.#writer = new FlvWriter()
    this.#restarts.started(clock.nowMs())
    const start = this.#options.startChild ?? startDecodeChild
    const child: DecodeChild = start({
      ffmpegPath,
      geometry,
      clock,
      log,
      listener: {
        onFrameStart: (number) => (child === this.#child ? this.#onFrameStart(number) : null),
        onFrameEnd: (number) => {
          if (child === this.#child) this.#onFrameEnd(number)
        },
        onExit: (reason) => {
          if (child === this.#child) this.#crashed(reason)
        },
      },
    })
    this.#child = child
    return child
  }

  /** Null, so that its pixels are passed over, for a unit that was given up and while no slot is free. */
  #onFrameStart(number: number): Uint8Array | null {
    this.#writing = this.#ledger.has(number) ? this.#pool.lease() : null
    return this.#writing?.pixels ?? null
  }

  #onFrameEnd(number: number): void {
    const { listener, clock } = this.#options
    const slot = this.#writing
    this.#writing = null
    this.#progressAtMs = clock.nowMs()
    const stamped = this.#ledger.take(number, (skipped) =>
      listener.onLost(skipped, 'failed', 'ffmpeg made no picture of it'),
    )
    // Given up since its first pixels, or a second picture of one unit.
    if (stamped === null) slot?.release()
    else if (slot === null) listener.onLost(stamped, 'failed', 'every frame slot is in use')
    else listener.onFrame(this.#frameOf(stamped, slot))
  }

  #frameOf(stamped: StampedUnit, slot: FrameSlot): DecodedFrame {
    const { width, height } = this.#options.geometry
    return {
      stamped,
      byteOffset: slot.pixels.byteOffset,
      width,
      height,
      decodedAtMs: this.#progressAtMs,
      release: () => slot.release(),
    }
  }

  #crashed(reason: string): void {
    this.#dropChild()
    this.#restarts.crashed(this.#options.clock.nowMs())
    this.#options.log.warn('ffmpeg died', { reason, crashes: this.#restarts.crashes })
    this.#giveUp({ loss: 'failed', reason })
    this.#options.listener.onRestart(reason)
  }

  /** Everything in the child, and everything up to the next key frame. */
  #giveUp(wait: Wait): void {
    this.#wait = wait
    this.#ledger.clear((stamped) => this.#options.listener.onLost(stamped, wait.loss, wait.reason))
  }

  #endIfSilent(): void {
    const silentMs = this.#options.clock.nowMs() - this.#progressAtMs
    if (this.#ledger.count === 0 || silentMs < this.#limits.silenceMsMax) return
    this.#endChild()
    this.#crashed(`no frame for ${Math.round(silentMs)} ms`)
  }

  #replaceWornOutChild(): void {
    if (this.#child === null || this.#ledger.next < this.#limits.unitsMax) return
    this.#endChild()
    this.#giveUp({ loss: 'failed', reason: 'a new decoder takes over' })
  }

  #endChild(): void {
    if (this.#child === null) return
    const ending = this.#child.close().finally(() => this.#endings.delete(ending))
    this.#endings.add(ending)
    this.#dropChild()
  }

  /** Nobody writes into the slot any more. */
  #dropChild(): void {
    this.#child = null
    this.#writing?.release()
    this.#writing = null
  }
}
