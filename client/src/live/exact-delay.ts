import { RecentValues } from './recent-values.ts'

/** What the slowest twentieth may take longer: with it 361 of 371 frames had their detections ready. */
const marginMs = 60
/** A picture later than this is no live picture; whose boxes come later still shows them held. */
const waitMsMax = 400
/** Before the first detections: 90 ms and the margin, what a loaded machine with two cores takes. */
const unmeasuredMs = 150
/** Each change makes the picture run slow or fast for a moment; smaller ones are not worth it. */
const changeMsMin = 15

/** Older results are a replay after a reconnect, or past the help of any wait. */
const delayMsMax = 1_000

/** How long *Exact* makes one camera's picture wait, so that its own boxes are there when it is shown. */
export class ExactDelay {
  readonly #delays = new RecentValues({ spanMs: 30_000, countMax: 1_000 })
  #targetMs: number | null = null

  /** Detections arrived `delayMs` after their frame was captured. */
  observe(atMs: number, delayMs: number): void {
    if (delayMs <= delayMsMax) this.#delays.add(atMs, delayMs)
  }

  /** For `RTCRtpReceiver.jitterBufferTarget`. */
  targetMs(): number {
    const p95 = this.#delays.quantile(0.95, -Infinity)
    if (p95 === null) return unmeasuredMs
    const wantedMs = Math.round(Math.min(waitMsMax, Math.max(0, p95 + marginMs)))
    if (this.#targetMs === null || Math.abs(wantedMs - this.#targetMs) >= changeMsMin)
      this.#targetMs = wantedMs
    return this.#targetMs
  }

  clear(): void {
    this.#delays.clear()
    this.#targetMs = null
  }
}
