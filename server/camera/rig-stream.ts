import type { DetectorStream, FrameOutcome, OfferedFrame, StreamOptions } from '#gpu/detector.ts'
import { assert } from '#std/assert.ts'
import type { FakeClock } from '#std/fake-clock.ts'

export const rigModel = { name: 'fake', sha256: 'f'.repeat(64), classes: ['person', 'bicycle'] }

/** A camera's stream of the fake detector, whatever its frames are. */
export interface RigStream {
  readonly waiting: number
  readonly deadlinesAtMs: readonly number[]
  readonly isOpen: boolean
  /** Another model wants other pixels. */
  outdate(): void
  /** Those that were set, in order. */
  readonly detectRates: readonly number[]
  /** The rate that it was opened with. */
  readonly configuredFps: number
  /** The oldest frame ends so. */
  end(kind: 'superseded' | 'late' | 'paced' | 'failed'): void
  /** The oldest is detected: dispatched now, inferred after 10 ms, posted after 1 more. One person. */
  detect(): void
}

/** For tests: frames wait until the test ends them; disposing fails the rest. */
export class HeldStream<F extends OfferedFrame> implements RigStream, DetectorStream<F> {
  readonly deadlinesAtMs: number[] = []
  readonly detectRates: number[] = []
  isOpen = true
  readonly #options: StreamOptions<F>
  readonly #clock: FakeClock
  readonly #journal: string[]
  readonly #frames: F[] = []

  constructor(options: StreamOptions<F>, clock: FakeClock, journal: string[]) {
    this.#options = options
    this.#clock = clock
    this.#journal = journal
  }

  get configuredFps(): number {
    return this.#options.detectFps
  }

  get waiting(): number {
    return this.#frames.length
  }

  offer(frame: F): void {
    assert(this.isOpen, 'no frame is offered to a stream that is gone')
    this.deadlinesAtMs.push(frame.deadlineAtMs)
    this.#frames.push(frame)
  }

  setDetectRate(detectFps: number): void {
    assert(this.isOpen, 'no rate is set on a stream that is gone')
    this.detectRates.push(detectFps)
  }

  outdate(): void {
    this.#options.onOutdated?.()
  }

  end(kind: 'superseded' | 'late' | 'paced' | 'failed'): void {
    this.#end(kind === 'failed' ? { kind, code: 'told_so' } : { kind })
  }

  detect(): void {
    const dispatchedAtMs = this.#clock.nowMs()
    const box = { left: 0.1, top: 0.2, width: 0.3, height: 0.4 }
    this.#end({
      kind: 'detected',
      detections: [{ classIndex: 0, score: 0.9, ...box }],
      stamps: {
        dispatchedAtMs,
        inferredAtMs: dispatchedAtMs + 10,
        postedAtMs: dispatchedAtMs + 11,
        batchSize: 1,
      },
      model: rigModel,
    })
  }

  [Symbol.dispose](): void {
    if (!this.isOpen) return
    this.isOpen = false
    while (this.#frames.length > 0) this.#end({ kind: 'failed', code: 'stream_closed' })
    this.#journal.push('stream')
  }

  #end(outcome: FrameOutcome): void {
    const frame = this.#frames.shift()
    assert(frame !== undefined, 'a frame waits')
    this.#options.onOutcome(frame, outcome)
  }
}
