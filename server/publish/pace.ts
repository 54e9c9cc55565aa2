/** Lets through at most `maxFps` results a second of one camera and counts those it leaves out. */
export class Pace {
  readonly #periodMs: number
  #dueAtMs = -Infinity
  #skipped = 0

  constructor(maxFps: number) {
    this.#periodMs = 1_000 / maxFps
  }

  /** How many were left out since the last one let through; null: this one is left out as well. */
  admit(nowMs: number): number | null {
    if (nowMs < this.#dueAtMs) {
      this.#skipped++
      return null
    }
    // From due time to due time, so that jitter does not lower the rate; half a period ahead at least, so that a
    // camera that was silent does not come back as a burst.
    this.#dueAtMs = Math.max(this.#dueAtMs + this.#periodMs, nowMs + this.#periodMs / 2)
    const skipped = this.#skipped
    this.#skipped = 0
    return skipped
  }
}
