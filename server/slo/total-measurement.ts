import type { CameraMeasurement } from './camera-measurement.ts'
import type { GoodTotal } from './good-total.ts'
import { addCounts, type IndicatorCounts, zeroCounts } from './indicator-counts.ts'
import { IndicatorHistory } from './indicator-history.ts'

const nothing = zeroCounts()

/** All cameras together, those that are gone included. */
export class TotalMeasurement {
  readonly counts: IndicatorCounts = zeroCounts()
  readonly history = new IndicatorHistory()
  /** Samples that the history does not have yet; good: those with a live camera. */
  readonly #presence: GoodTotal = { good: 0, total: 0 }

  sampled(camera: { readonly isAnyLive: boolean }): void {
    this.#presence.total++
    if (camera.isAnyLive) this.#presence.good++
  }

  /** Takes over what was counted since the last call. */
  settle(atMs: number, cameras: Iterable<CameraMeasurement>): void {
    for (const camera of cameras) {
      const added = camera.settle(atMs)
      addCounts(this.counts, added)
      this.history.add(atMs, added, nothing.availability)
    }
    this.history.add(atMs, nothing, this.#presence)
    this.#presence.good = 0
    this.#presence.total = 0
  }
}
