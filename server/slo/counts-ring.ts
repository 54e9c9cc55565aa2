import { assert } from '#std/assert.ts'
import type { GoodTotal } from './good-total.ts'

/**
 * Good and total of the last `buckets` spans of `bucketMs`, the current one included; fixed memory, 8 bytes a bucket.
 * Instants may not go back by more than the ring is long.
 */
export class CountsRing {
  readonly bucketMs: number
  readonly #buckets: number
  /** good, total, good, total ... */
  readonly #counts: Uint32Array
  /** Number of the newest bucket since the clock's zero. */
  #newest = -Infinity

  constructor(options: { readonly bucketMs: number; readonly buckets: number }) {
    assert(options.bucketMs > 0 && options.buckets > 0, 'a ring has buckets of some length')
    this.bucketMs = options.bucketMs
    this.#buckets = options.buckets
    this.#counts = new Uint32Array(2 * options.buckets)
  }

  get bytes(): number {
    return this.#counts.byteLength
  }

  add(atMs: number, good: number, total: number): void {
    const at = 2 * this.#slotOf(this.#turn(atMs))
    this.#counts[at] = (this.#counts[at] ?? 0) + good
    this.#counts[at + 1] = (this.#counts[at + 1] ?? 0) + total
  }

  /** Over the current bucket and the whole ones before it that `windowMs` takes in. */
  sum(nowMs: number, windowMs: number): GoodTotal {
    const newest = this.#turn(nowMs)
    return this.#sumOf(newest - this.#wholeIn(windowMs), newest)
  }

  /** Over the whole ones alone: what rates are taken of. */
  sumWhole(nowMs: number, windowMs: number): GoodTotal {
    const newest = this.#turn(nowMs)
    return this.#sumOf(newest - this.#wholeIn(windowMs), newest - 1)
  }

  #wholeIn(windowMs: number): number {
    return Math.min(Math.round(windowMs / this.bucketMs), this.#buckets - 1)
  }

  #sumOf(first: number, last: number): GoodTotal {
    const sum = { good: 0, total: 0 }
    for (let number = first; number <= last; number++) {
      const at = 2 * this.#slotOf(number)
      sum.good += this.#counts[at] ?? 0
      sum.total += this.#counts[at + 1] ?? 0
    }
    return sum
  }

  /** Empties the buckets that time has passed over since the last call; returns the number of the current one. */
  #turn(atMs: number): number {
    const number = Math.floor(atMs / this.bucketMs)
    if (number <= this.#newest) return number
    const from = Math.max(this.#newest + 1, number - this.#buckets + 1)
    for (let passed = from; passed <= number; passed++) {
      const at = 2 * this.#slotOf(passed)
      this.#counts[at] = 0
      this.#counts[at + 1] = 0
    }
    this.#newest = number
    return number
  }

  #slotOf(number: number): number {
    return ((number % this.#buckets) + this.#buckets) % this.#buckets
  }
}
