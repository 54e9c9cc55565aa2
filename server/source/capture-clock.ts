/** Cameras' and servers' crystals differ by up to +-100 ppm: in this window they part by 3 ms. */
const windowMs = 30_000
const bucketMs = 1000
const bucketCount = windowMs / bucketMs
/** Video's RTP clock (RFC 6184 section 5.1), ticks per ms. */
const ticksPerMs = 90
/** B-frames step back by less; a camera that steps back further has set its clock anew. */
const stepBackMsMax = 1000

/**
 * Gives each access unit the instant of its capture on the server's monotonic clock: rtpTimestamp / 90 + the least
 * (arrival - rtpTimestamp / 90) of the last 30 s. The fastest unit of the window counts as having taken no time at all;
 * a unit that was queued on its way is older by what it took longer. A *sliding* window, because a minimum for ever
 * would age a 50 ppm slow camera by 180 ms an hour. One clock an epoch: a reconnect has another RTP base.
 */
export class CaptureClock {
  /** Least offset of each second, by second modulo the window; a ring, so memory does not grow with the frame rate. */
  readonly #leastOf = new Float64Array(bucketCount).fill(Infinity)
  readonly #secondOf = new Float64Array(bucketCount).fill(-1)
  #unwrapped = 0
  #last = -1

  /** Server instant, in ms, of the unit that arrived now. */
  capturedAtMs(rtpTimestamp: number, arrivedAtMs: number): number {
    if (this.#last >= 0 && this.sinceLastMs(rtpTimestamp) < -stepBackMsMax) this.#forget()
    const rtpMs = this.#unwrap(rtpTimestamp) / ticksPerMs
    this.#observe(arrivedAtMs - rtpMs, arrivedAtMs)
    return rtpMs + this.#least(arrivedAtMs)
  }

  /** Milliseconds from the last seen unit to `rtpTimestamp`, which may lie before it. */
  sinceLastMs(rtpTimestamp: number): number {
    return ((rtpTimestamp - this.#last) | 0) / ticksPerMs
  }

  /** The old offsets belong to another clock: kept, they would call each unit old by the step for 30 s. */
  #forget(): void {
    this.#leastOf.fill(Infinity)
  }

  /** 32-bit timestamps wrap every 13.3 hours; differences up to half of that are taken as they are. */
  #unwrap(rtpTimestamp: number): number {
    this.#unwrapped = this.#last < 0 ? 0 : this.#unwrapped + ((rtpTimestamp - this.#last) | 0)
    this.#last = rtpTimestamp
    return this.#unwrapped
  }

  #observe(offsetMs: number, arrivedAtMs: number): void {
    const second = Math.floor(arrivedAtMs / bucketMs)
    const slot = second % bucketCount
    if (this.#secondOf[slot] !== second) {
      this.#secondOf[slot] = second
      this.#leastOf[slot] = offsetMs
    } else this.#leastOf[slot] = Math.min(this.#leastOf[slot] ?? Infinity, offsetMs)
  }

  #least(arrivedAtMs: number): number {
    const oldest = Math.floor(arrivedAtMs / bucketMs) - bucketCount
    let least = Infinity
    for (let slot = 0; slot < bucketCount; slot++)
      if ((this.#secondOf[slot] ?? -1) > oldest)
        least = Math.min(least, this.#leastOf[slot] ?? Infinity)
    return least
  }
}
