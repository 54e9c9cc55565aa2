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
  /** As many as were ever under way at once: one waits, one is in flight, one arrives. */
  readonly #offers: StreamOffer<F>[] = []
  #isClosed = false

  constructor(options: StreamOptions<F>, number: number, host: StreamHost) {
    this.#options = options
    this.#number = number
    this.#host = host
  }

  offer(frame: F): void {
    if (this.#isClosed) return this.#options.onOutcome(frame, streamClosed)
    const offer = this.#offers.find(({ isUnderWay }) => !isUnderWay) ?? this.#newOffer()
    offer.begin(frame)
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
    for (const offer of this.#offers) offer.settle(outcome)
  }

  #newOffer(): StreamOffer<F> {
    const offer = new StreamOffer<F>(this.#number, this.#options.onOutcome)
    this.#offers.push(offer)
    return offer
  }
}

/** The frame's fields, so that the scheduler need not know its type, and its way home. Used again for later frames. */
class StreamOffer<F extends OfferedFrame> implements Offer {
  readonly stream: number
  byteOffset = 0
  width = 0
  height = 0
  capturedAtMs = 0
  deadlineAtMs = 0
  readonly #onOutcome: (frame: F, outcome: FrameOutcome) => void
  #frame: F | null = null

  constructor(stream: number, onOutcome: (frame: F, outcome: FrameOutcome) => void) {
    this.stream = stream
    this.#onOutcome = onOutcome
  }

  get isUnderWay(): boolean {
    return this.#frame !== null
  }

  begin(frame: F): void {
    this.#frame = frame
    this.byteOffset = frame.byteOffset
    this.width = frame.width
    this.height = frame.height
    this.capturedAtMs = frame.capturedAtMs
    this.deadlineAtMs = frame.deadlineAtMs
  }

  settle(outcome: FrameOutcome): void {
    const frame = this.#frame
    if (frame === null) return
    this.#frame = null
    this.#onOutcome(frame, outcome)
  }
}
