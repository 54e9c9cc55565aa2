import type { CameraObjective } from './camera-slo.ts'
import { FrameDemand } from './frame-demand.ts'
import type { GoodTotal } from './good-total.ts'
import { type IndicatorCounts, zeroCounts } from './indicator-counts.ts'

/** How often freshness looks. */
export const samplePeriodMs = 100
/** Freshness never asks for less age than this. */
const freshnessFloorMs = 300

/**
 * Counts one camera against its objectives since it was added; pure arithmetic on instants.
 * `freshness`: samples of a live camera whose newest result is young enough. `timeliness`: delivered results within the
 * budget. `goodput`: those of the frames that were asked for, `overload` the same for times beyond the device's load
 * limit. `availability`: samples in which the camera was live, so that an offline camera is bad in a series of its own.
 */
export class ObjectiveCounters {
  readonly counts: IndicatorCounts = zeroCounts()
  readonly objective: CameraObjective
  readonly #demand: FrameDemand
  #newestCapturedAtMs: number | null = null
  #isLive = false
  #cameraFps = 0

  constructor(objective: CameraObjective) {
    this.objective = objective
    this.#demand = new FrameDemand(objective.detectFps)
  }

  /** max(300 ms, 1.5 periods + budget), where period = 1 / min(camera fps, configured detect rate). */
  get freshnessLimitMs(): number {
    const { detectFps, latencyBudgetMs } = this.objective
    const fps =
      this.#cameraFps > 0 && detectFps > 0
        ? Math.min(this.#cameraFps, detectFps)
        : Math.max(this.#cameraFps, detectFps)
    const periodMs = fps > 0 ? 1_000 / fps : 0
    return Math.max(freshnessFloorMs, 1.5 * periodMs + latencyBudgetMs)
  }

  get isLive(): boolean {
    return this.#isLive
  }

  setLive(isLive: { readonly live: boolean }): void {
    this.#isLive = isLive.live
  }

  setCameraFps(fps: number): void {
    this.#cameraFps = fps
  }

  /** True when a detection is asked for on it. */
  received(capturedAtMs: number, load: { readonly isOverloaded: boolean }): boolean {
    const isAsked = this.#demand.isAsked(capturedAtMs)
    if (isAsked) this.#goodputAt(load).total++
    return isAsked
  }

  delivered(
    stamps: { readonly capturedAtMs: number; readonly publishedAtMs: number },
    load: { readonly isOverloaded: boolean },
  ): void {
    const { capturedAtMs, publishedAtMs } = stamps
    this.#newestCapturedAtMs = Math.max(this.#newestCapturedAtMs ?? capturedAtMs, capturedAtMs)
    this.counts.timeliness.total++
    if (publishedAtMs - capturedAtMs > this.objective.latencyBudgetMs) return
    this.counts.timeliness.good++
    this.#goodputAt(load).good++
  }

  /** Age of information: since the capture of the newest delivered result; null before the first. */
  ageMs(nowMs: number): number | null {
    return this.#newestCapturedAtMs === null ? null : nowMs - this.#newestCapturedAtMs
  }

  isFresh(atMs: number): boolean {
    const ageMs = this.ageMs(atMs)
    return ageMs !== null && ageMs <= this.freshnessLimitMs
  }

  sample(atMs: number): void {
    const { availability, freshness } = this.counts
    availability.total++
    if (!this.#isLive) return
    availability.good++
    freshness.total++
    if (this.isFresh(atMs)) freshness.good++
  }

  #goodputAt(load: { readonly isOverloaded: boolean }): GoodTotal {
    return load.isOverloaded ? this.counts.overload : this.counts.goodput
  }
}
