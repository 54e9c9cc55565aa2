import { assert } from '#std/assert.ts'
import { Batch } from '../batch.ts'
import type { Undetected } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'

export interface QueuedFrame<F extends SchedulableFrame> {
  readonly streamId: string
  readonly frame: F
  readonly arrivedAtMs: number
}

/** Where the queue would grow for ever, this much of it says the same; beyond it the oldest goes. */
const framesMax = 4_096

/** All frames that wait, of all streams, in order of arrival or of deadline. */
export class FrameQueue<F extends SchedulableFrame> {
  readonly #frames: QueuedFrame<F>[] = []
  readonly #onUndetected: (frame: F, outcome: Undetected) => void

  constructor(onUndetected: (frame: F, outcome: Undetected) => void) {
    this.#onUndetected = onUndetected
  }

  get length(): number {
    return this.#frames.length
  }

  get first(): QueuedFrame<F> | undefined {
    return this.#frames[0]
  }

  /** Behind all that wait. */
  push(queued: QueuedFrame<F>): void {
    this.#frames.push(queued)
    if (this.#frames.length > framesMax) this.dropFirst('superseded')
  }

  /** Behind those whose deadline is not later. */
  insertByDeadline(queued: QueuedFrame<F>): void {
    const { deadlineAtMs } = queued.frame
    let at = this.#frames.length
    while (at > 0 && (this.#frames[at - 1]?.frame.deadlineAtMs ?? 0) > deadlineAtMs) at--
    this.#frames.splice(at, 0, queued)
    if (this.#frames.length > framesMax) this.dropFirst('superseded')
  }

  dropFirst(outcome: Undetected): void {
    const first = this.#frames.shift()
    assert(first !== undefined, 'there is a first')
    this.#onUndetected(first.frame, outcome)
  }

  /** Up to `size` of those with the first one's picture size, in order. */
  take(size: number): Batch<F> {
    const batch = new Batch<F>()
    const head = this.first
    assert(head !== undefined, 'there is a first')
    const shape = shapeOf(head.frame)
    batch.shape = shape
    for (let at = 0; at < this.#frames.length && batch.size < size;) {
      const queued = this.#frames[at]
      if (queued === undefined || shapeOf(queued.frame) !== shape) at++
      else batch.frames.push(...this.#frames.splice(at, 1).map(({ frame }) => frame))
    }
    return batch
  }

  /** Returns the stream's newest; its others end here. */
  removeStream(streamId: string): F | null {
    let newest: F | null = null
    for (let at = this.#frames.length - 1; at >= 0; at--) {
      const queued = this.#frames[at]
      if (queued?.streamId !== streamId) continue
      this.#frames.splice(at, 1)
      if (newest === null) newest = queued.frame
      else this.#onUndetected(queued.frame, 'superseded')
    }
    return newest
  }
}

/** As the latency profiles name it: width * 65536 + height. */
export function shapeOf(frame: SchedulableFrame): number {
  return frame.width * 65_536 + frame.height
}
