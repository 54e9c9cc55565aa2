import {
  type BurnRule,
  type BurnWindow,
  burnRules,
  burnWindows,
  type Verdict,
} from './burn-windows.ts'
import type { GoodTotal } from './good-total.ts'

export type BurnRates = Readonly<Record<BurnWindow, number>>

export interface Judgement {
  readonly verdict: Verdict
  /** The rule that says so; null while ok. */
  readonly because: BurnRule | null
  /** How near the nearest rule is: it speaks above 1. */
  readonly pressure: number
}

/**
 * How many times faster than sustainable the budget is spent. `coverage`: share of the window in which there was
 * something to count; the rest of it spends nothing, else one bad second right after a start would wake people.
 */
export function burnRate(
  { good, total }: Readonly<GoodTotal>,
  { objective, coverage }: { readonly objective: number; readonly coverage: number },
): number {
  if (total <= 0) return 0
  return (badOf(good, total) / total / (1 - objective)) * Math.min(1, Math.max(0, coverage))
}

/** 1: nothing spent, 0: all of it, below 0: overspent; null while nothing was counted. */
export function budgetLeft({ good, total }: Readonly<GoodTotal>, objective: number): number | null {
  return total <= 0 ? null : 1 - badOf(good, total) / total / (1 - objective)
}

export function burnRates(rateOf: (window: BurnWindow) => number): BurnRates {
  const rates = { '5m': 0, '30m': 0, '1h': 0, '6h': 0, '3d': 0 }
  for (const window of burnWindows) rates[window] = rateOf(window)
  return rates
}

/** The first rule both of whose windows burn faster than its limit. */
export function judge(burn: BurnRates): Judgement {
  let pressure = 0
  let because: BurnRule | null = null
  for (const rule of burnRules) {
    const share = Math.min(burn[rule.long], burn[rule.short]) / rule.limit
    if (share > 1) because ??= rule
    pressure = Math.max(pressure, share)
  }
  return { verdict: because?.verdict ?? 'ok', because, pressure }
}

const verdictsByWeight: readonly Verdict[] = ['ok', 'ticket', 'page']

export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return verdictsByWeight.findLast((verdict) => verdicts.includes(verdict)) ?? 'ok'
}

/** A page before a ticket, then what is nearer to its rule. */
export function isWorse(a: Judgement, b: Judgement): boolean {
  const byVerdict = verdictsByWeight.indexOf(a.verdict) - verdictsByWeight.indexOf(b.verdict)
  return byVerdict === 0 ? a.pressure > b.pressure : byVerdict > 0
}

/** A result that comes in the slice after its demand leaves that one with more good than was asked for. */
function badOf(good: number, total: number): number {
  return Math.max(0, total - good)
}
