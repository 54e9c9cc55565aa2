const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** The windows that burn rates are taken over, and the budget's. */
export const burnWindows = ['5m', '30m', '1h', '6h', '3d'] as const
export type BurnWindow = (typeof burnWindows)[number]

export const windowMs: Readonly<Record<BurnWindow, number>> = {
  '5m': 5 * minuteMs,
  '30m': 30 * minuteMs,
  '1h': hourMs,
  '6h': 6 * hourMs,
  '3d': 3 * dayMs,
}

/** The error budget is that of the last 30 days, or since the start where that is less: it is kept in memory only. */
export const budgetWindowMs = 30 * dayMs

export type Verdict = 'ok' | 'ticket' | 'page'

export interface BurnRule {
  readonly verdict: Exclude<Verdict, 'ok'>
  readonly long: BurnWindow
  /** Ends the alarm soon after the trouble has ended. */
  readonly short: BurnWindow
  /** Both windows burn faster than this. */
  readonly limit: number
}

/**
 * Multi-window, multi-burn-rate alarms (Google, The Site Reliability Workbook, chapter 5, table 5-8): 2 % of a 30-day
 * budget in an hour, 5 % in six hours, 10 % in three days. The worst comes first.
 */
export const burnRules: readonly BurnRule[] = [
  { verdict: 'page', long: '1h', short: '5m', limit: 14.4 },
  { verdict: 'page', long: '6h', short: '30m', limit: 6 },
  { verdict: 'ticket', long: '3d', short: '6h', limit: 1 },
]
