/** A result as its subscriber got it. */
export interface DeliveredResult {
  /** When the source had sent the last byte of its frame. */
  readonly sentAtMs: number
  readonly receivedAtMs: number
}

export interface Age {
  readonly meanMs: number
  readonly p99Ms: number
}

/** Ages are taken this often. */
const samplePeriodMs = 5

/**
 * Age of information (Kaul, Yates, Gruteser 2012), sampled: at an instant, how long ago the newest frame whose result
 * has arrived was sent. `results` in order of arrival; nothing is sampled before the first has arrived.
 */
export function ages(
  results: readonly DeliveredResult[],
  window: { readonly fromMs: number; readonly toMs: number },
): readonly number[] {
  const samples: number[] = []
  let next = 0
  let newestSentAtMs = Number.NEGATIVE_INFINITY
  for (let atMs = window.fromMs; atMs <= window.toMs; atMs += samplePeriodMs) {
    for (; next < results.length; next++) {
      const result = results[next]
      if (result === undefined || result.receivedAtMs > atMs) break
      newestSentAtMs = Math.max(newestSentAtMs, result.sentAtMs)
    }
    if (newestSentAtMs > Number.NEGATIVE_INFINITY) samples.push(atMs - newestSentAtMs)
  }
  return samples
}

/** NaN of nothing. */
export function meanAndP99(samples: readonly number[]): Age {
  const sorted = samples.toSorted((a, b) => a - b)
  const meanMs = samples.reduce((sum, age) => sum + age, 0) / samples.length
  return { meanMs, p99Ms: sorted[Math.floor(0.99 * sorted.length)] ?? Number.NaN }
}

/** Jain's index: 1 when all are equal, 1/n when one has everything. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  const squares = values.reduce((total, value) => total + value * value, 0)
  return squares === 0 ? 0 : (sum * sum) / (values.length * squares)
}
