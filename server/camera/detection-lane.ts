import type { Detector, DetectorStream, FrameOutcome, OfferedFrame } from '#gpu/detector.ts'
import { assert } from '#std/assert.ts'
import { withTimeout, type Clock } from '#std/clock.ts'
import type {
  DecodedFrame,
  DecodeGeometry,
  DecodeLoss,
  Decoder,
  DecoderListener,
} from '../decode/decoder.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'

/** Time kept back from the budget for publishing: what a result needs from the model to the socket. */
const publishReserveMs = 5

export interface LaneOptions {
  readonly streamId: string
  /** Size of the source picture. */
  readonly width: number
  readonly height: number
  readonly detectFps: number
  readonly latencyBudgetMs: number
  readonly weight: number
  readonly detector: Detector
  readonly openDecoder: (geometry: DecodeGeometry, listener: DecoderListener) => Decoder
  readonly onOutcome: (decoded: DecodedFrame, outcome: FrameOutcome) => void
  readonly onLost: (stamped: StampedUnit, loss: DecodeLoss) => void
  readonly onRestart: (reason: string) => void
  /** Its pixels are no longer what the serving model wants: another lane is needed. */
  readonly onOutdated: () => void
}

interface LaneFrame extends OfferedFrame {
  readonly decoded: DecodedFrame
}

/**
 * A decoder joined to its stream of the detector, for one picture size: access units in, exactly one outcome or loss
 * for each out. A camera that changes its picture size gets a new lane.
 */
export class DetectionLane implements AsyncDisposable {
  readonly width: number
  readonly height: number
  readonly #options: LaneOptions
  readonly #decoder: Decoder
  readonly #stream: DetectorStream<LaneFrame>
  readonly #ended = Promise.withResolvers<void>()
  /** Units that have neither become a result nor been lost. */
  #underWay = 0
  #isDraining = false
  #closing: Promise<void> | null = null

  constructor(options: LaneOptions) {
    this.#options = options
    this.width = options.width
    this.height = options.height
    this.#decoder = options.openDecoder(options.detector.inputGeometry(options), {
      onFrame: (frame) => this.#offer(frame),
      onLost: (stamped, loss) => {
        options.onLost(stamped, loss)
        this.#settled()
      },
      onRestart: (reason) => options.onRestart(reason),
    })
    this.#stream = options.detector.addStream<LaneFrame>({
      streamId: options.streamId,
      memory: this.#decoder.memory,
      weight: options.weight,
      detectFps: options.detectFps,
      onOutcome: (frame, outcome) => {
        options.onOutcome(frame.decoded, outcome)
        frame.decoded.release()
        this.#settled()
      },
      onOutdated: () => options.onOutdated(),
    })
  }

  push(stamped: StampedUnit): void {
    assert(!this.#isDraining, 'a unit goes into one lane')
    this.#underWay++
    this.#decoder.push(stamped)
  }

  /** 0 = every frame; what is configured, or less while load is shed. */
  setDetectRate(detectFps: number): void {
    this.#stream.setDetectRate(detectFps)
  }

  reset(): void {
    this.#decoder.reset()
  }

  /** Takes no more units; closes when those it has came to their end, or with what then is left of them. */
  async drain(clock: Clock, limitMs: number): Promise<void> {
    this.#isDraining = true
    if (this.#underWay > 0) await withTimeout(clock, this.#ended.promise, limitMs, () => {})
    await this[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // The decoder first: no frame may be offered to a stream that is gone.
    await this.#decoder[Symbol.asyncDispose]()
    this.#stream[Symbol.dispose]()
  }

  #settled(): void {
    this.#underWay--
    if (this.#underWay === 0 && this.#isDraining) this.#ended.resolve()
  }

  #offer(decoded: DecodedFrame): void {
    assert(decoded.width > 0 && decoded.height > 0, 'a decoded frame has a size')
    const { capturedAtMs } = decoded.stamped
    this.#stream.offer({
      byteOffset: decoded.byteOffset,
      width: decoded.width,
      height: decoded.height,
      capturedAtMs,
      deadlineAtMs: capturedAtMs + this.#options.latencyBudgetMs - publishReserveMs,
      decoded,
    })
  }
}
