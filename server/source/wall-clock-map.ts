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

  /** `serverWallMs`: the server's wall time of the instant that the report speaks of. */
  report(ntpTimeMs: number, serverWallMs: number): void {
    this.#offsetsMs.push(ntpTimeMs - serverWallMs)
    if (this.#offsetsMs.length > reportsKept) this.#offsetsMs.shift()
  }

  /** The camera's wall time of an instant that the server would call `serverWallMs`. */
  wallTime(serverWallMs: number): { readonly atMs: number; readonly by: 'rtcp' | 'arrival' } {
    const offsets = this.#offsetsMs
    const last = offsets.at(-1)
    if (last === undefined || offsets.length < reportsNeeded)
      return { atMs: serverWallMs, by: 'arrival' }
    const least = Math.min(...offsets)
    const most = Math.max(...offsets)
    const isUsable = most - least <= spreadMsMax && Math.max(-least, most) <= offByMsMax
    if (!isUsable) return { atMs: serverWallMs, by: 'arrival' }
    // The mean takes out the jitter of single reports.
    const meanMs = offsets.reduce((sum, offset) => sum + offset, 0) / offsets.length
    return { atMs: serverWallMs + meanMs, by: 'rtcp' }
  }
}
