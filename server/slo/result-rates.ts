import { CountsRing } from './counts-ring.ts'

const secondMs = 1000
/** Rates and fairness are taken over this long: at 1 fps still ten results. */
export const ratesWindowMs = 10_000

/** Results of the last ten seconds, and how many were asked for. */
export class ResultRates {
  readonly #ring = new CountsRing({ bucketMs: secondMs, buckets: 11 })
  #liveSinceMs: number | null = null

  setLive(nowMs: number, { live }: { readonly live: boolean }): void {
    this.#liveSinceMs = live ? (this.#liveSinceMs ?? nowMs) : null
  }

  asked(atMs: number): void {
    this.#ring.add(atMs, 0, 1)
  }

  delivered(atMs: number): void {
    this.#ring.add(atMs, 1, 0)
  }

  /** A second, over the last ten whole ones or since it is live where that is less. */
  perSecond(nowMs: number): { demandedFps: number; resultFps: number } {
    if (this.#liveSinceMs === null) return { demandedFps: 0, resultFps: 0 }
    const { good, total } = this.#ring.sumWhole(nowMs, ratesWindowMs)
    // Under a second one frame would make a rate of its own.
    const liveMs = Math.max(secondMs, secondStart(nowMs) - this.#liveSinceMs)
    const seconds = Math.min(ratesWindowMs, liveMs) / secondMs
    return { demandedFps: total / seconds, resultFps: good / seconds }
  }

  /** Whether it was live for all of the window: only then it is compared with others. */
  isWhole(nowMs: number): boolean {
    return this.#liveSinceMs !== null && this.#liveSinceMs <= secondStart(nowMs) - ratesWindowMs
  }
}

function secondStart(atMs: number): number {
  return Math.floor(atMs / secondMs) * secondMs
}
