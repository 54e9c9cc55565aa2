/**
 * The wait before try number `attempt` (0 = the first retry): doubles from 250 ms to 5 s, spread by a fifth either way,
 * so that a hundred viewers of a restarted server do not come back in one instant. `random` is in [0, 1).
 */
export function retryDelayMs(attempt: number, random: number): number {
  const plainMs = Math.min(5_000, 250 * 2 ** Math.min(attempt, 10))
  return plainMs * (0.8 + 0.4 * random)
}
