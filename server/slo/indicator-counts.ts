import type { GoodTotal } from './good-total.ts'
import { type Indicator, indicators } from './objectives.ts'

export type IndicatorCounts = Readonly<Record<Indicator, GoodTotal>>

export function zeroCounts(): IndicatorCounts {
  return {
    freshness: { good: 0, total: 0 },
    timeliness: { good: 0, total: 0 },
    goodput: { good: 0, total: 0 },
    overload: { good: 0, total: 0 },
    availability: { good: 0, total: 0 },
  }
}

/** What `counts` has beyond `told`; `told` then has it too. */
export function newCountsSince(told: IndicatorCounts, counts: IndicatorCounts): IndicatorCounts {
  const added = zeroCounts()
  for (const indicator of indicators) {
    added[indicator].good = counts[indicator].good - told[indicator].good
    added[indicator].total = counts[indicator].total - told[indicator].total
  }
  addCounts(told, added)
  return added
}

export function addCounts(sum: IndicatorCounts, added: IndicatorCounts): void {
  for (const indicator of indicators) {
    sum[indicator].good += added[indicator].good
    sum[indicator].total += added[indicator].total
  }
}
