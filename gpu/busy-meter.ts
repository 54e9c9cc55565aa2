const bucketMs = 500
/** Five seconds: long enough to be calm, short enough for a controller that acts each second. */
const bucketCount = 10

/** How much of the last seconds something ran; fixed memory, fed with instants of the monotonic clock. */
export class BusyMeter {
  readonly #buckets = new Float64Array(bucketCount)
  readonly #startAtMs: number
  #accruedAtMs: number
  #running = false
  #totalMs = 0

  constructor(nowMs: number) {
    this.#startAtMs = nowMs
    this.#accruedAtMs = nowMs
  }

  begin(nowMs: number): void {
    this.#accrue(nowMs)
    this.#running = true
  }

  end(nowMs: number): void {
    this.#accrue(nowMs)
    this.#running = false
  }

  /** Since the start. */
  totalMs(nowMs: number): number {
    this.#accrue(nowMs)
    return this.#totalMs
  }

  /** 0..1 of the last seconds, or of the time since the start where that is shorter. */
  share(nowMs: number): number {
    this.#accrue(nowMs)
    const currentMs = nowMs % bucketMs
    const spanMs = Math.min((bucketCount - 1) * bucketMs + currentMs, nowMs - this.#startAtMs)
    if (spanMs <= 0) return 0
    const busyMs = this.#buckets.reduce((sum, ms) => sum + ms, 0)
    return Math.min(1, busyMs / spanMs)
  }

  /** Books the time since the last call, bucket by bucket; a bucket is emptied when its turn comes again. */
  #accrue(nowMs: number): void {
    if (this.#running) this.#totalMs += Math.max(0, nowMs - this.#accruedAtMs)
    // A gap longer than all buckets ends as this many would.
    let atMs = Math.max(this.#accruedAtMs, nowMs - bucketCount * bucketMs)
    while (atMs < nowMs) {
      const index = Math.floor(atMs / bucketMs)
      const edgeMs = (index + 1) * bucketMs
      const untilMs = Math.min(edgeMs, nowMs)
      const slot = index % bucketCount
      if (this.#running) this.#buckets[slot] = (this.#buckets[slot] ?? 0) + untilMs - atMs
      if (untilMs === edgeMs) this.#buckets[(slot + 1) % bucketCount] = 0
      atMs = untilMs
    }
    this.#accruedAtMs = Math.max(this.#accruedAtMs, nowMs)
  }
}
