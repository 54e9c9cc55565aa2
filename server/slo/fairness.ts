/** What a stream asked for and got in the same span, in results. */
export interface SharedDemand {
  readonly demanded: number
  readonly delivered: number
  readonly weight: number
}

/**
 * Jain's index over delivered / fair share: 1 when each got its share, 1/n when one got all. Null where nobody asked,
 * or nobody got anything. (Jain, Chiu, Hawe: A quantitative measure of fairness, DEC-TR-301, 1984.)
 */
export function fairnessIndex(streams: readonly SharedDemand[]): number | null {
  const asking = streams.filter(({ demanded }) => demanded > 0)
  const shares = fairShares(asking)
  let sum = 0
  let squares = 0
  for (const [index, { delivered }] of asking.entries()) {
    const share = delivered / (shares[index] ?? 0)
    if (!Number.isFinite(share)) return null
    sum += share
    squares += share * share
  }
  return squares === 0 ? null : (sum * sum) / (asking.length * squares)
}

/**
 * Weighted max-min shares of what was delivered in all: nobody is given more than it asked for, and what it leaves is
 * shared among the others by weight. In the order of `streams`.
 */
export function fairShares(streams: readonly SharedDemand[]): readonly number[] {
  const shares = streams.map(() => 0)
  let left = streams.reduce((sum, { delivered }) => sum + delivered, 0)
  let weightLeft = streams.reduce((sum, { weight }) => sum + weight, 0)
  // Those that ask least for their weight are filled first.
  const order = [...streams.entries()].sort(
    ([, a], [, b]) => a.demanded / a.weight - b.demanded / b.weight,
  )
  for (const [index, { demanded, weight }] of order) {
    const share = Math.min(demanded, (left * weight) / weightLeft)
    shares[index] = share
    left -= share
    weightLeft -= weight
  }
  return shares
}
