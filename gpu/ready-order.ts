import { assert } from '#std/assert.ts'
import type { Batch } from './batch.ts'
import type { SchedulableFrame, StreamSlot } from './stream-slot.ts'

/** A ms since the capture counts against a frame like this many ms of its stream's age: 10-20 ms off p95 at the same AoI. */
const freshnessFactor = 2
/**
 * A stream goes first once others had this many rounds while it was ready; a round is as many frames as streams are
 * ready. Lower values turn the order into round robin: at half a round, p95 of 16 overloaded streams rises from 38 to
 * 50 ms and weights do nothing (simulated).
 */
const roundsMax = 2

/**
 * The streams that could run now, largest weighted age and freshest frame first. Sorts no further than a batch needs and
 * keeps its array from one poll to the next.
 */
export class ReadyOrder<F extends SchedulableFrame> {
  readonly #slots: StreamSlot<F>[] = []
  #count = 0
  /** Of `#count`, those of the first one's shape; they stand in front. */
  #sameShape = 0
  #passedOverMax = 0

  get count(): number {
    return this.#count
  }

  get first(): StreamSlot<F> {
    return this.#at(0)
  }

  clear(): void {
    this.#count = 0
    this.#slots.length = 0
  }

  add(slot: StreamSlot<F>, frame: F, nowMs: number): void {
    const freshnessMs = freshnessFactor * (nowMs - frame.capturedAtMs)
    slot.score = slot.weight * slot.ageMs(frame) - freshnessMs
    this.#slots[this.#count++] = slot
  }

  /** The first in order decides which shape runs; returns how many streams have it. */
  fixShape(): number {
    this.#passedOverMax = roundsMax * this.#count
    this.#bringBest(0, this.#count)
    const { shape } = this.first
    this.#sameShape = 1
    for (let i = 1; i < this.#count; i++)
      if (this.#at(i).shape === shape) this.#swap(i, this.#sameShape++)
    return this.#sameShape
  }

  /** Puts the first `size` of that shape in order. */
  order(size: number): void {
    for (let i = 1; i < size; i++) this.#bringBest(i, this.#sameShape)
  }

  /** Infinity for none. */
  earliestDeadlineMs(size: number): number {
    let earliestMs = Infinity
    for (let i = 0; i < size; i++)
      earliestMs = Math.min(earliestMs, this.#at(i).waiting?.deadlineAtMs ?? Infinity)
    return earliestMs
  }

  /** Moves the first `size` into a batch; the others were passed over. */
  take(size: number, batch: Batch<F>): void {
    for (let i = 0; i < size; i++) batch.add(this.#at(i))
    for (let i = size; i < this.#count; i++) this.#at(i).passedOver += size
  }

  /** Swaps the first in order of [from, to) to `from`. */
  #bringBest(from: number, to: number): void {
    let best = from
    for (let i = from + 1; i < to; i++) if (this.#goesBefore(this.#at(i), this.#at(best))) best = i
    this.#swap(from, best)
  }

  #goesBefore(a: StreamSlot<F>, b: StreamSlot<F>): boolean {
    const aStarves = a.passedOver >= this.#passedOverMax
    const bStarves = b.passedOver >= this.#passedOverMax
    if (aStarves !== bStarves) return aStarves
    if (aStarves && a.passedOver !== b.passedOver) return a.passedOver > b.passedOver
    return a.score > b.score
  }

  #at(index: number): StreamSlot<F> {
    const slot = this.#slots[index]
    assert(slot !== undefined, 'within the ready streams')
    return slot
  }

  #swap(a: number, b: number): void {
    const first = this.#at(a)
    this.#slots[a] = this.#at(b)
    this.#slots[b] = first
  }
}
