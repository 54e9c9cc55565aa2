import { displayDelayEdgesMs } from '#protocol/messages.ts'
import { RecentValues } from './recent-values.ts'
import { rtpElapsedMs } from './rtp-time.ts'
import type { ServerClock } from './server-clock.ts'

interface Anchor {
  readonly rtpTimestamp: number
  readonly capturedAtServerMs: number
}

/** Two crystals 100 ppm apart are 1 ms off after 10 s; beyond, an estimate says more than it knows. */
const anchorAgeMsMax = 10_000

/**
 * Capture to screen for one camera. A frame with detections brings its capture instant along; for the others it is
 * reckoned from the newest of them along the 90 kHz timeline.
 */
export class DisplayDelay {
  readonly #serverClock: ServerClock
  readonly #recent = new RecentValues({ spanMs: 60_000, countMax: 3_600 })
  #anchor: Anchor | null = null
  #histogram = emptyHistogram()

  constructor(serverClock: ServerClock) {
    this.#serverClock = serverClock
  }

  /** What was captured before the known one is a straggler. By the server's clock: timelines can jump back. */
  observeCapture(anchor: Anchor): void {
    if (anchor.capturedAtServerMs >= (this.#anchor?.capturedAtServerMs ?? -Infinity))
      this.#anchor = anchor
  }

  /** The frame is on screen at `displayAtMs`. Returns the delay; null where nothing is known to compute it from. */
  observeDisplay(rtpTimestamp: number, displayAtMs: number): number | null {
    const displayAtServerMs = this.#serverClock.toServerMs(displayAtMs)
    if (this.#anchor === null || displayAtServerMs === null) return null
    const afterAnchorMs = rtpElapsedMs(this.#anchor.rtpTimestamp, rtpTimestamp)
    if (Math.abs(afterAnchorMs) > anchorAgeMsMax) return null
    const capturedAtServerMs = this.#anchor.capturedAtServerMs + afterAnchorMs
    const delayMs = Math.max(0, displayAtServerMs - capturedAtServerMs)
    this.#recent.add(displayAtMs, delayMs)
    const bucket = displayDelayEdgesMs.findIndex((edgeMs) => delayMs <= edgeMs)
    const index = bucket === -1 ? displayDelayEdgesMs.length : bucket
    this.#histogram[index] = (this.#histogram[index] ?? 0) + 1
    return delayMs
  }

  quantileMs(q: number, sinceMs: number): number | null {
    return this.#recent.quantile(q, sinceMs)
  }

  /** The counts since the last call, in the buckets of the beacon. */
  takeHistogram(): number[] {
    const taken = this.#histogram
    this.#histogram = emptyHistogram()
    return taken
  }

  clear(): void {
    this.#anchor = null
    this.#recent.clear()
  }
}

function emptyHistogram(): number[] {
  return Array.from({ length: displayDelayEdgesMs.length + 1 }, () => 0)
}
