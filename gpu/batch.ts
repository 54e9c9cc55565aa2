import { assert } from '#std/assert.ts'
import type { SchedulableFrame, StreamSlot } from './stream-slot.ts'

/**
 * Frames of one shape that run together, at most one a stream. Made and kept by the scheduler, which fills it again
 * after `done` or `failed`: whoever dispatches it lets go of it then.
 */
export class Batch<F extends SchedulableFrame> {
  /** In the order of dispatch. */
  readonly frames: F[] = []
  /** The streams of `frames`, index by index. */
  readonly slots: StreamSlot<F>[] = []
  shape = 0
  /** Load that waits: its time is limited. */
  isSpare = false
  dispatchedAtMs = 0

  get size(): number {
    return this.frames.length
  }

  add(slot: StreamSlot<F>): void {
    const frame = slot.waiting
    assert(
      frame !== null && !slot.inFlight,
      'a stream has one frame in a batch, and none in flight',
    )
    this.frames.push(frame)
    this.slots.push(slot)
    slot.serve(frame)
  }

  clear(): void {
    this.frames.length = 0
    this.slots.length = 0
  }
}
