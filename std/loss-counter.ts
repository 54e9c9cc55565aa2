import type { Clock, Timer } from './clock.ts'

/**
 * Turns a flood of losses into at most one report a second: the first is told at once, those of the following
 * second together at its end. Metrics count each; this is for the log.
 */
export class LossCounter implements Disposable {
  readonly #clock: Clock
  readonly #report: (count: number, example: string) => void
  #timer: Timer | null = null
  #count = 0
  #example = ''

  constructor(clock: Clock, report: (count: number, example: string) => void) {
    this.#clock = clock
    this.#report = report
  }

  add(example: string): void {
    if (this.#timer === null) {
      this.#report(1, example)
      this.#timer = this.#clock.after(1000, () => this.#flush())
      return
    }
    this.#count++
    this.#example = example
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    if (this.#count > 0) this.#report(this.#count, this.#example)
    this.#count = 0
    this.#timer = null
  }

  #flush(): void {
    this.#timer = null
    if (this.#count === 0) return
    this.#report(this.#count, this.#example)
    this.#count = 0
    this.#timer = this.#clock.after(1000, () => this.#flush())
  }
}
