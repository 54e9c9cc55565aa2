import type { DetectorStream, FrameOutcome, OfferedFrame, StreamOptions } from './detector.ts'

/** A frame on its way through the detector: what the scheduler sorts by, and who is told how it ended. */
export interface Offer extends OfferedFrame {
  /** Number of its stream. */
  readonly stream: number
  /** Tells the stream's owner; only the first call does anything. */
  settle(outcome: FrameOutcome): void
}

/** What a stream needs of the detector. */
export interface StreamHost {
  arrive(offer: Offer): void
  setDetectRate(detectFps: number): void
  /** Called once: nothing of this stream arrives any more. */
  leave(): void
}

const streamClosed: FrameOutcome = { kind: 'failed', code: 'stream_closed' }

/** One stream of the detector: keeps what is under way, so that all of it has ended when the stream is disposed. */
export class ServingStream<F extends OfferedFrame> implements DetectorStream<F> {
  readonly #options: StreamOptions<F>
  readonly #number: number
  readonly #host: StreamHost
  /** One waits, one is in flight. */
  readonly #underWay = new Set<Offer>()
  #isClosed = false

  constructor(options: StreamOptions<F>, number: number, host: StreamHost) {
    this.#options = options
    this.#number = number
    this.#host = host
  }

  offer(frame: F): void {
    if (this.#isClosed) return this.#options.onOutcome(frame, streamClosed)
    const offer = new StreamOffer(frame, this.#number, (settled, outcome) => {
      this.#underWay.delete(settled)
      this.#options.onOutcome(frame, outcome)
    })
    this.#underWay.add(offer)
    this.#host.arrive(offer)
  }

  setDetectRate(detectFps: number): void {
    if (!this.#isClosed) this.#host.setDetectRate(detectFps)
  }

  /** A frame in flight ends as failed: its result would come to nobody. */
  [Symbol.dispose](): void {
    this.close(streamClosed)
  }

  close(outcome: FrameOutcome): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#host.leave()
    for (const offer of this.#underWay) offer.settle(outcome)
  }
}

/** The frame's fields, so that the scheduler need not know its type, and its way home. One small object a frame. */
class StreamOffer implements Offer {
  readonly stream: number
  readonly byteOffset: number
  readonly width: number
  readonly height: number
  readonly capturedAtMs: number
  readonly deadlineAtMs: number
  readonly #onSettled: (offer: Offer, outcome: FrameOutcome) => void
  #isSettled = false

  constructor(
    frame: OfferedFrame,
    stream: number,
    onSettled: (offer: Offer, outcome: FrameOutcome) => void,
  ) {
    this.stream = stream
    this.byteOffset = frame.byteOffset
    this.width = frame.width
    this.height = frame.height
    this.capturedAtMs = frame.capturedAtMs
    this.deadlineAtMs = frame.deadlineAtMs
    this.#onSettled = onSettled
  }

  settle(outcome: FrameOutcome): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#onSettled(this, outcome)
  }
}
