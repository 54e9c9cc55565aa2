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
    this.counters.setLive(state)
    this.rates.setLive(nowMs, state)
  }

  /** Puts what was counted since the last call into the history, and returns it. */
  settle(atMs: number): IndicatorCounts {
    const added = newCountsSince(this.#told, this.counters.counts)
    this.history.add(atMs, added, added.availability)
    return added
  }
}
