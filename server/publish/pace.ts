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
    // From due time to due time, so that neither jitter nor an uneven ratio of rates lowers the rate; after a silence
    // from now, so that it does not bring a burst.
    const isAfterSilence = nowMs - this.#dueAtMs > 2 * this.#periodMs
    this.#dueAtMs = (isAfterSilence ? nowMs : this.#dueAtMs) + this.#periodMs
    const skipped = this.#skipped
    this.#skipped = 0
    return skipped
  }
}
