import {
  type BurnRates,
  budgetLeft,
  burnRate,
  burnRates,
  judge,
  type Judgement,
} from './burn-rate.ts'
import { type BurnWindow, windowMs } from './burn-windows.ts'
import type { GoodTotal } from './good-total.ts'
import { samplePeriodMs } from './objective-counters.ts'
import {
  type Indicator,
  type ObjectiveIndicator,
  objectiveIndicators,
  objectives,
} from './objectives.ts'
import { WindowCounts } from './window-counts.ts'

/** How one indicator stands against its objective. */
export interface IndicatorState {
  readonly objective: number
  /** Of the last 30 days, or since the start; 1: nothing spent, below 0: overspent; null: nothing counted. */
  readonly budgetLeft: number | null
  readonly burn: BurnRates
  readonly judgement: Judgement
}

/** What a camera, or all together, did in the windows of the burn rates. */
export class IndicatorHistory {
  readonly #series: Readonly<Record<ObjectiveIndicator, WindowCounts>> = {
    freshness: new WindowCounts(),
    timeliness: new WindowCounts(),
    goodput: new WindowCounts(),
    availability: new WindowCounts(),
  }
  /** Samples since the start of this history; good: those with a live camera. */
  readonly #presence = new WindowCounts()

  get bytes(): number {
    return objectiveIndicators.reduce(
      (sum, indicator) => sum + this.#series[indicator].bytes,
      this.#presence.bytes,
    )
  }

  /** What came to the counters since this was called last, and the samples in which it came. */
  add(
    atMs: number,
    counts: Readonly<Record<Indicator, Readonly<GoodTotal>>>,
    presence: Readonly<GoodTotal>,
  ): void {
    for (const indicator of objectiveIndicators)
      this.#series[indicator].add(atMs, counts[indicator])
    this.#presence.add(atMs, presence)
  }

  state(indicator: ObjectiveIndicator, nowMs: number): IndicatorState {
    const objective = objectives[indicator]
    const series = this.#series[indicator]
    const burn = burnRates((window) =>
      burnRate(series.over(window, nowMs), {
        objective,
        coverage: this.#coverage(indicator, window, nowMs),
      }),
    )
    return {
      objective,
      budgetLeft: budgetLeft(series.overBudgetWindow(nowMs), objective),
      burn,
      judgement: judge(burn),
    }
  }

  /** Being away is what availability counts; for the others it is time with nothing to count. */
  #coverage(indicator: ObjectiveIndicator, window: BurnWindow, nowMs: number): number {
    const { good, total } = this.#presence.over(window, nowMs)
    const samples = indicator === 'availability' ? total : good
    return (samples * samplePeriodMs) / windowMs[window]
  }
}
