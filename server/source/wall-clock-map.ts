/** A camera whose clock is further off than this has a wrong clock: its word is worth less than the arrival. */
const offByMsMax = 1000
/** Reports that disagree by more than this are no clock. */
const spreadMsMax = 100
const reportsKept = 5
const reportsNeeded = 2

/**
 * Wall time of captures from RTCP sender reports (RFC 3550 section 6.4.1), while they are stable and agree with the
 * server's wall clock; cameras' clocks are often a year off. Used for what people and programs read, never for latencies.
 */
export class WallClockMap {
  /** Camera's wall clock minus the server's, by the latest reports. */
  readonly #offsetsMs: number[] = []
  /** Their mean, which takes out the jitter of single ones; null while they are too few or not to be believed. */
  #offsetMs: number | null = null

  /** `serverWallMs`: the server's wall time of the instant that the report speaks of. */
  report(ntpTimeMs: number, serverWallMs: number): void {
    this.#offsetsMs.push(ntpTimeMs - serverWallMs)
    if (this.#offsetsMs.length > reportsKept) this.#offsetsMs.shift()
    this.#offsetMs = usableOffsetMs(this.#offsetsMs)
  }

  /** The camera's wall time of an instant that the server would call `serverWallMs`. */
  wallTime(serverWallMs: number): { readonly atMs: number; readonly by: 'rtcp' | 'arrival' } {
    return this.#offsetMs === null
      ? { atMs: serverWallMs, by: 'arrival' }
      : { atMs: serverWallMs + this.#offsetMs, by: 'rtcp' }
  }
}

function usableOffsetMs(offsetsMs: readonly number[]): number | null {
  if (offsetsMs.length < reportsNeeded) return null
  const least = Math.min(...offsetsMs)
  const most = Math.max(...offsetsMs)
  if (most - least > spreadMsMax || Math.max(-least, most) > offByMsMax) return null
  return offsetsMs.reduce((sum, offset) => sum + offset, 0) / offsetsMs.length
}
