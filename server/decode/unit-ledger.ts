import { assert } from '#std/assert.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'

/**
 * The units that are in the child, under the numbers they were given. Numbers are consecutive, and a frame that
 * comes out settles its unit and all before it, so what is outstanding is always one run of numbers: a ring.
 */
export class UnitLedger {
  readonly #ring: (StampedUnit | null)[]
  #oldest = 0
  #next = 0

  constructor(capacity: number) {
    this.#ring = Array.from({ length: capacity }, () => null)
  }

  get count(): number {
    return this.#next - this.#oldest
  }

  get isFull(): boolean {
    return this.count === this.#ring.length
  }

  /** The number that the next unit gets. */
  get next(): number {
    return this.#next
  }

  /** Returns the unit's number. */
  add(stamped: StampedUnit): number {
    assert(!this.isFull, 'room in the unit ledger')
    this.#ring[this.#next % this.#ring.length] = stamped
    return this.#next++
  }

  has(number: number): boolean {
    return number >= this.#oldest && number < this.#next
  }

  /**
   * Settles that unit and those before it: a decoder that puts out a later picture has swallowed them. They go to
   * `onSkipped`, oldest first, when the ledger is in order again. Null when the unit is not outstanding.
   */
  take(number: number, onSkipped: (stamped: StampedUnit) => void): StampedUnit | null {
    if (!this.has(number)) return null
    const skipped: StampedUnit[] = []
    while (this.#oldest < number) skipped.push(this.#shift())
    const stamped = this.#shift()
    for (const earlier of skipped) onSkipped(earlier)
    return stamped
  }

  /** Settles all, oldest first. */
  clear(onLost: (stamped: StampedUnit) => void): void {
    while (this.count > 0) onLost(this.#shift())
  }

  /** A new child counts from 0. */
  restart(): void {
    assert(this.count === 0, 'no unit outstanding at a restart')
    this.#oldest = 0
    this.#next = 0
  }

  #shift(): StampedUnit {
    const at = this.#oldest % this.#ring.length
    const stamped = this.#ring[at]
    assert(stamped, 'unit in the ring')
    this.#ring[at] = null
    this.#oldest++
    return stamped
  }
}
