import { backoffDelayMs } from '#std/backoff.ts'

/** The first restart is immediate, later ones wait from 250 ms up to 5 s. */
const backoff = { firstMs: 250, capMs: 5000 } as const

/** A child that lived so long is not part of a series of crashes. */
const provenAfterMs = 10_000

/** When a child that died may be followed by another. No jitter: each camera's key frames come at their own time. */
export class RestartPolicy {
  #startedAtMs = 0
  #mayStartAtMs = 0
  #crashes = 0

  /** Crashes in a row. */
  get crashes(): number {
    return this.#crashes
  }

  mayStart(nowMs: number): boolean {
    return nowMs >= this.#mayStartAtMs
  }

  started(nowMs: number): void {
    this.#startedAtMs = nowMs
  }

  crashed(nowMs: number): void {
    if (nowMs - this.#startedAtMs >= provenAfterMs) this.#crashes = 0
    const attempt = this.#crashes - 1
    this.#mayStartAtMs =
      attempt < 0 ? nowMs : nowMs + backoffDelayMs({ ...backoff, attempt, jitter: 0, random: 0 })
    this.#crashes++
  }
}
