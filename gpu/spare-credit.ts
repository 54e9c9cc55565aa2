/** Load that waits gets this share of the device's time. */
const share = 0.1
/** What may be saved up: two seconds' worth. Idle hours must not end in a minute that is all spare. */
const creditMaxMs = 200

/**
 * How much of the device's time load that waits may take: a tenth, and in any window of W ms at most W / 10 + 200 ms and
 * one batch more. Starts whenever something is left; what a batch took beyond it is owed. Pure.
 */
export class SpareCredit {
  #creditMs = 0
  #grownAtMs: number | null = null

  /** `sessions`: how many there are, free or not. Returns when a batch may start: `nowMs`, or later. */
  startAtMs(nowMs: number, sessions: number): number {
    const grownMs = (nowMs - (this.#grownAtMs ?? nowMs)) * share * sessions
    this.#creditMs = Math.min(creditMaxMs * sessions, this.#creditMs + grownMs)
    this.#grownAtMs = nowMs
    return this.#creditMs >= 0 ? nowMs : nowMs - this.#creditMs / (share * sessions)
  }

  /** A batch took so long. */
  spend(ms: number): void {
    this.#creditMs -= ms
  }
}
