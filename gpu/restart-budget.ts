/** More losses than this in the window are no accident; the next start waits until the window has moved on. */
const restartsMax = 5
const windowMs = 60_000

/** At most 5 restarts in any 60 s. */
export class RestartBudget {
  readonly #spentAtMs: number[] = []

  /** How long the next restart has to wait; 0 when it may happen now. */
  waitMs(nowMs: number): number {
    while (this.#spentAtMs[0] !== undefined && this.#spentAtMs[0] <= nowMs - windowMs)
      this.#spentAtMs.shift()
    const [oldestAtMs] = this.#spentAtMs
    if (oldestAtMs === undefined || this.#spentAtMs.length < restartsMax) return 0
    return oldestAtMs + windowMs - nowMs
  }

  spend(nowMs: number): void {
    this.#spentAtMs.push(nowMs)
  }
}
