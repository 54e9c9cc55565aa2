import { assert } from '#std/assert.ts'

/**
 * One picture is being written, one waits for the model, one is in the model: a listener that keeps to that never
 * finds the pool empty, since it lets go of the waiting one when a newer arrives.
 */
const slotsDefault = 3

/** Slots start on a cache line. */
const alignment = 64

/** A fixed number of equal slots in one memory; each has one owner at a time. */
export class FramePool {
  readonly memory: SharedArrayBuffer
  readonly #free: FrameSlot[] = []

  constructor(frameBytes: number, slots = slotsDefault) {
    const stride = Math.ceil(frameBytes / alignment) * alignment
    this.memory = new SharedArrayBuffer(stride * slots)
    const giveBack = (slot: FrameSlot): void => void this.#free.push(slot)
    for (let i = 0; i < slots; i++)
      this.#free.push(new FrameSlot(new Uint8Array(this.memory, i * stride, frameBytes), giveBack))
  }

  /** Null when all are with their owners: the picture is lost, nobody waits. */
  lease(): FrameSlot | null {
    const slot = this.#free.pop() ?? null
    slot?.markLeased()
    return slot
  }

  get freeCount(): number {
    return this.#free.length
  }
}

export class FrameSlot {
  readonly pixels: Uint8Array
  readonly #giveBack: (slot: FrameSlot) => void
  #isLeased = false

  constructor(pixels: Uint8Array, giveBack: (slot: FrameSlot) => void) {
    this.pixels = pixels
    this.#giveBack = giveBack
  }

  /** The pool's part. */
  markLeased(): void {
    this.#isLeased = true
  }

  /** Exactly once a lease. */
  release(): void {
    assert(this.#isLeased, 'frame slot released once')
    this.#isLeased = false
    this.#giveBack(this)
  }
}
