import type { CameraObjective, DeliveredStamps } from './camera-slo.ts'
import { IndicatorHistory } from './indicator-history.ts'
import { type IndicatorCounts, newCountsSince, zeroCounts } from './indicator-counts.ts'
import { ObjectiveCounters } from './objective-counters.ts'
import { ResultRates } from './result-rates.ts'

/** Everything that is measured of one camera. */
export class CameraMeasurement {
  readonly addedAtMs: number
  readonly counters: ObjectiveCounters
  readonly rates = new ResultRates()
  readonly history = new IndicatorHistory()
  #liveSinceMs: number | null = null
  #worstAgeRatio = 0
  /** What the history has of the counters. */
  readonly #told = zeroCounts()

  constructor(objective: CameraObjective, nowMs: number) {
    this.counters = new ObjectiveCounters(objective)
    this.addedAtMs = nowMs
  }

  received(capturedAtMs: number, load: { readonly isOverloaded: boolean }): void {
    if (this.counters.received(capturedAtMs, load)) this.rates.asked(capturedAtMs)
  }

  delivered(stamps: DeliveredStamps, load: { readonly isOverloaded: boolean }): void {
    this.counters.delivered(stamps, load)
    this.rates.delivered(stamps.publishedAtMs)
  }

  setLive(nowMs: number, state: { readonly live: boolean }): void {
    this.#liveSinceMs = state.live ? (this.#liveSinceMs ?? nowMs) : null
    this.counters.setLive(state)
    this.rates.setLive(nowMs, state)
  }

  sample(atMs: number): void {
    this.counters.sample(atMs)
    if (this.#liveSinceMs === null) return
    // The time that a camera was away is not the device's doing.
    const ageMs = Math.min(this.counters.ageMs(atMs) ?? Infinity, atMs - this.#liveSinceMs)
    this.#worstAgeRatio = Math.max(this.#worstAgeRatio, ageMs / this.counters.freshnessLimitMs)
  }

  /** The worst age of information over the freshness limit since the last call; 0 while it was not live. */
  takeWorstAgeRatio(): number {
    const ratio = this.#worstAgeRatio
    this.#worstAgeRatio = 0
    return ratio
  }

  /** Puts what was counted since the last call into the history, and returns it. */
  settle(atMs: number): IndicatorCounts {
    const added = newCountsSince(this.#told, this.counters.counts)
    this.history.add(atMs, added, added.availability)
    return added
  }
}
