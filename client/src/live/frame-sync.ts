import { rtpElapsedMs } from './rtp-time.ts'

/** Whose boxes belong on a displayed frame. */
export type Match<D> =
  /** The frame's own: the same RTP timestamp. */
  | { readonly kind: 'exact'; readonly detections: D }
  /** Those of the newest older frame, `ageMs` before this one. */
  | { readonly kind: 'held'; readonly detections: D; readonly ageMs: number }
  | { readonly kind: 'none' }

/** Longer than any wait for a picture: Exact waits 0.4 s at most. */
const spanMsMax = 10_000
/** 10 s at the highest detect rate a camera can be given (120 fps); the oldest go first. */
const countMax = 1_200

/** As many results in a row that are too old are no stragglers: the camera's timeline jumped back. */
const tooOldMax = 3

/**
 * The last 10 s of one camera's detections, in order of their RTP timestamp. Pure: no clock, no I/O. Policy when full:
 * the oldest are let go.
 */
export class FrameSync<D extends { readonly rtpTimestamp: number }> {
  readonly #oldestFirst: D[] = []
  #tooOldInRow = 0

  get size(): number {
    return this.#oldestFirst.length
  }

  get newest(): D | null {
    return this.#oldestFirst.at(-1) ?? null
  }

  /** Oldest first; not to be kept. */
  get all(): readonly D[] {
    return this.#oldestFirst
  }

  /**
   * A second result for the same timestamp replaces the first; one that is older than the whole ring is let go. The
   * third of these in a row begins a new timeline: the ring then holds nothing else.
   */
  add(detections: D): void {
    const ring = this.#oldestFirst
    if (this.#isTooOld(detections)) {
      if (++this.#tooOldInRow < tooOldMax) return
      this.clear()
    }
    this.#tooOldInRow = 0
    let at = ring.length
    while (at > 0 && this.#elapsedMs(at - 1, detections.rtpTimestamp) < 0) at--
    const same = at > 0 && this.#elapsedMs(at - 1, detections.rtpTimestamp) === 0
    if (same) ring[at - 1] = detections
    else ring.splice(at, 0, detections)
    this.#evict()
  }

  /** The boxes for the frame with this timestamp; held ones at most `heldMsMax` older than it. */
  choose(rtpTimestamp: number, heldMsMax: number): Match<D> {
    for (let i = this.#oldestFirst.length - 1; i >= 0; i--) {
      const detections = this.#oldestFirst[i]
      if (detections === undefined) continue
      const ageMs = rtpElapsedMs(detections.rtpTimestamp, rtpTimestamp)
      if (ageMs === 0) return { kind: 'exact', detections }
      if (ageMs > heldMsMax) break
      if (ageMs > 0) return { kind: 'held', detections, ageMs }
    }
    return { kind: 'none' }
  }

  /** The server or the camera started a new timeline: nothing here can belong to it. */
  clear(): void {
    this.#oldestFirst.length = 0
    this.#tooOldInRow = 0
  }

  #isTooOld(detections: D): boolean {
    const { newest } = this
    if (newest === null) return false
    return rtpElapsedMs(detections.rtpTimestamp, newest.rtpTimestamp) > spanMsMax
  }

  /** From entry `index` to `rtpTimestamp`. */
  #elapsedMs(index: number, rtpTimestamp: number): number {
    const entry = this.#oldestFirst[index]
    return entry === undefined ? 0 : rtpElapsedMs(entry.rtpTimestamp, rtpTimestamp)
  }

  #evict(): void {
    const newest = this.#oldestFirst.at(-1)
    if (newest === undefined) return
    let tooOld = Math.max(0, this.#oldestFirst.length - countMax)
    while (this.#elapsedMs(tooOld, newest.rtpTimestamp) > spanMsMax) tooOld++
    this.#oldestFirst.splice(0, tooOld)
  }
}
