export interface Quantiles {
  readonly count: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface Row extends Quantiles {
  readonly what: string
  readonly note: string
}

/** Nearest rank, rounded to 0.1; NaN for none. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
    return Math.round((value ?? Number.NaN) * 10) / 10
  }
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}

export function formatTable(rows: readonly Row[]): string {
  const head =
    '| what | p50 ms | p95 ms | p99 ms | max ms | |\n| --- | --- | --- | --- | --- | --- |'
  const lines = rows.map(
    ({ what, p50, p95, p99, max, note }) =>
      `| ${what} | ${p50} | ${p95} | ${p99} | ${max} | ${note} |`,
  )
  return [head, ...lines].join('\n')
}
