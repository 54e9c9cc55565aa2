/** Video's RTP clock (RFC 6184 section 5.1), ticks per ms. */
const ticksPerMs = 90

/**
 * One camera's outgoing RTP timeline: the first epoch goes out with the camera's own timestamps, a later one is shifted
 * so that it goes on where the last ended, as much later as time has passed. 32 bit, wrapping.
 */
export class OutgoingTimeline {
  #offset = 0
  #lastOutgoing = -1
  #lastAtMs = 0

  /** Before the first unit of an epoch. */
  beginEpoch(firstRtpTimestamp: number, arrivedAtMs: number): void {
    if (this.#lastOutgoing < 0) return
    // At least one tick: two units never share a timestamp.
    const elapsed = Math.max(1, Math.round((arrivedAtMs - this.#lastAtMs) * ticksPerMs))
    this.#offset = (this.#lastOutgoing + elapsed - firstRtpTimestamp) >>> 0
  }

  outgoing(rtpTimestamp: number, arrivedAtMs: number): number {
    const outgoing = (rtpTimestamp + this.#offset) >>> 0
    // B-frames step back: the timeline ends at its furthest point.
    if (this.#lastOutgoing < 0 || ((outgoing - this.#lastOutgoing) | 0) > 0) {
      this.#lastOutgoing = outgoing
      this.#lastAtMs = arrivedAtMs
    }
    return outgoing
  }
}
