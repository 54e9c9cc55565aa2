/**
 * The delay before try number `attempt` (0 = the first retry): doubles from `firstMs` to `capMs`, spread by
 * +-`jitter` (a share, 0.2 by default) so that many cameras of one switch do not come back in one instant.
 * `random` is in [0, 1).
 */
export function backoffDelayMs(options: {
  readonly attempt: number
  readonly firstMs: number
  readonly capMs: number
  readonly random: number
  readonly jitter?: number
}): number {
  const jitter = options.jitter ?? 0.2
  // 2 ** 30 is beyond any cap in use; it keeps the product finite for a camera that is away for years.
  const plainMs = Math.min(options.capMs, options.firstMs * 2 ** Math.min(options.attempt, 30))
  return plainMs * (1 + jitter * (2 * options.random - 1))
}
