import type { FrameOutcome } from '#gpu/detector.ts'
import type { Codec } from '#protocol/camera-state.ts'
import type { Clock } from '#std/clock.ts'
import type { DecodedFrame } from '../decode/decoder.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { DetectionLane, type LaneOptions } from './detection-lane.ts'

export interface LanesOptions extends Omit<
  LaneOptions,
  'width' | 'height' | 'onOutcome' | 'onOutdated'
> {
  readonly clock: Clock
  /** A lane for pictures of this size, of whatever size the one before was. */
  readonly onOpen: (codec: Codec) => void
  /** A result of an earlier lane never comes after one of a later one. */
  readonly onOutcome: (decoded: DecodedFrame, outcome: FrameOutcome, codec: Codec) => void
}

/** A camera that shows no key frame for this long gets another decoder without: what it had to show is lost. */
const keyFrameLimitMs = 30_000
/** What a lane has under way ends within the budget; a decoder that holds on to a frame is not waited for longer. */
const drainLimitMs = 1_000
/** Such a result was worth having, but a younger one was there first. */
const overtaken: FrameOutcome = { kind: 'superseded' }

/**
 * The lanes of one camera, one after another: each access unit goes into one of them. A camera that changes its picture
 * size gets a new one at once. A model that wants its pixels scaled otherwise gets one at the next key frame, where a
 * decoder can start, and the old one ends what it has.
 */
export class DetectionLanes implements AsyncDisposable {
  readonly #options: LanesOptions
  /** Lanes that take no units any more. */
  readonly #closing = new Map<DetectionLane, Promise<void>>()
  #current: DetectionLane | null = null
  #detectFps: number
  #opened = 0
  /** Number of the youngest lane that had a result. */
  #reached = 0
  #outdatedAtMs: number | null = null
  /** Nothing came since the source was cut. */
  #isCut = false

  constructor(options: LanesOptions) {
    this.#options = options
    this.#detectFps = options.detectFps
  }

  push(stamped: StampedUnit, codec: Codec): void {
    this.#isCut = false
    this.#laneFor(stamped, codec).push(stamped)
  }

  /** In force at once, and for lanes to come. */
  setDetectRate(detectFps: number): void {
    this.#detectFps = detectFps
    this.#current?.setDetectRate(detectFps)
  }

  /** The source was cut: the next unit that can be decoded is a key frame. */
  reset(): void {
    this.#isCut = true
    if (this.#outdatedAtMs === null) this.#current?.reset()
    else this.#leave()
  }

  /** Asked once a second. */
  look(): void {
    if (this.#outdatedAtMs === null) return
    const waitedMs = this.#options.clock.nowMs() - this.#outdatedAtMs
    if (waitedMs >= keyFrameLimitMs) this.#leave()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const current = this.#current
    this.#current = null
    await current?.[Symbol.asyncDispose]()
    // Those that still end what they have leave it now.
    for (const lane of this.#closing.keys()) void lane[Symbol.asyncDispose]()
    await Promise.all(this.#closing.values())
  }

  #laneFor({ unit }: StampedUnit, codec: Codec): DetectionLane {
    const current = this.#current
    if (current === null) return this.#open(codec)
    if (current.width !== codec.width || current.height !== codec.height) {
      this.#close(current, current[Symbol.asyncDispose]())
      return this.#open(codec)
    }
    if (this.#outdatedAtMs === null || !unit.isKey || unit.isDamaged) return current
    this.#leave()
    return this.#open(codec)
  }

  #open(codec: Codec): DetectionLane {
    const number = ++this.#opened
    this.#outdatedAtMs = null
    this.#options.onOpen(codec)
    const lane: DetectionLane = new DetectionLane({
      ...this.#options,
      detectFps: this.#detectFps,
      width: codec.width,
      height: codec.height,
      // The lane's own picture: a result of the old size can come after the new one has begun.
      onOutcome: (decoded, outcome) => this.#ended({ number, decoded, outcome, codec }),
      onOutdated: () => {
        if (this.#current === lane) this.#outdated()
      },
    })
    this.#current = lane
    return lane
  }

  #outdated(): void {
    this.#outdatedAtMs = this.#options.clock.nowMs()
    if (this.#isCut) this.#leave()
  }

  /** The next unit gets a new lane. */
  #leave(): void {
    const current = this.#current
    this.#current = null
    this.#outdatedAtMs = null
    if (current === null) return
    const { clock, latencyBudgetMs } = this.#options
    this.#close(current, current.drain(clock, latencyBudgetMs + drainLimitMs))
  }

  #close(lane: DetectionLane, closing: Promise<void>): void {
    const closed = closing.finally(() => this.#closing.delete(lane))
    this.#closing.set(lane, closed)
  }

  #ended(ended: {
    readonly number: number
    readonly decoded: DecodedFrame
    readonly outcome: FrameOutcome
    readonly codec: Codec
  }): void {
    const { number, decoded, outcome, codec } = ended
    const isOvertaken = outcome.kind === 'detected' && number < this.#reached
    if (outcome.kind === 'detected') this.#reached = Math.max(this.#reached, number)
    this.#options.onOutcome(decoded, isOvertaken ? overtaken : outcome, codec)
  }
}
