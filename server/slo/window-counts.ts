import { type BurnWindow, budgetWindowMs, windowMs } from './burn-windows.ts'
import { CountsRing } from './counts-ring.ts'
import type { GoodTotal } from './good-total.ts'

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

/** What is counted is put here in slices of this length, and may then take this long to show. */
export const sliceMs = 10 * secondMs

/**
 * One series over all windows: the longer the window, the coarser its buckets, so that each is at most a twelfth too
 * long. 1.8 kB; with five series a camera 2.3 MB for 256 cameras and their total.
 */
export class WindowCounts {
  readonly #tenSeconds = new CountsRing({ bucketMs: sliceMs, buckets: 31 })
  readonly #minutes = new CountsRing({ bucketMs: minuteMs, buckets: 61 })
  readonly #tenMinutes = new CountsRing({ bucketMs: 10 * minuteMs, buckets: 37 })
  readonly #twoHours = new CountsRing({ bucketMs: 2 * hourMs, buckets: 37 })
  readonly #halfDays = new CountsRing({ bucketMs: 12 * hourMs, buckets: 61 })
  readonly #rings = [
    this.#tenSeconds,
    this.#minutes,
    this.#tenMinutes,
    this.#twoHours,
    this.#halfDays,
  ] as const
  readonly #ringOf: Readonly<Record<BurnWindow, CountsRing>> = {
    '5m': this.#tenSeconds,
    '30m': this.#minutes,
    '1h': this.#minutes,
    '6h': this.#tenMinutes,
    '3d': this.#twoHours,
  }

  get bytes(): number {
    return this.#rings.reduce((sum, ring) => sum + ring.bytes, 0)
  }

  add(atMs: number, { good, total }: Readonly<GoodTotal>): void {
    if (good === 0 && total === 0) return
    for (const ring of this.#rings) ring.add(atMs, good, total)
  }

  over(window: BurnWindow, nowMs: number): GoodTotal {
    return this.#ringOf[window].sum(nowMs, windowMs[window])
  }

  overBudgetWindow(nowMs: number): GoodTotal {
    return this.#halfDays.sum(nowMs, budgetWindowMs)
  }
}
