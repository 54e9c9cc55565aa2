import type { CameraObjective } from './camera-slo.ts'

/** How often freshness looks. */
export const samplePeriodMs = 100
/** Freshness never asks for less age than this. */
const freshnessFloorMs = 300

/** Good of all, both rising. */
export interface GoodTotal {
  good: number
  total: number
}

/**
 * Counts one camera against its objectives; pure arithmetic on instants. `freshness`: samples of a live camera whose
 * newest result is young enough. `timeliness`: delivered results within the budget. `availability`: samples in which
 * the camera was live, so that an offline camera is bad in a series of its own.
 */
export class ObjectiveCounters {
  readonly freshness: GoodTotal = { good: 0, total: 0 }
  readonly timeliness: GoodTotal = { good: 0, total: 0 }
  readonly availability: GoodTotal = { good: 0, total: 0 }
  readonly #objective: CameraObjective
  #newestCapturedAtMs: number | null = null
  #isLive = false
  #cameraFps = 0

  constructor(objective: CameraObjective) {
    this.#objective = objective
  }

  /** max(300 ms, 1.5 periods + budget), where period = 1 / min(camera fps, configured detect rate). */
  get freshnessLimitMs(): number {
    const rates = [this.#cameraFps, this.#objective.detectFps].filter((fps) => fps > 0)
    const periodMs = rates.length === 0 ? 0 : 1_000 / Math.min(...rates)
    return Math.max(freshnessFloorMs, 1.5 * periodMs + this.#objective.latencyBudgetMs)
  }

  setLive(isLive: { readonly live: boolean }): void {
    this.#isLive = isLive.live
  }

  setCameraFps(fps: number): void {
    this.#cameraFps = fps
  }

  delivered(capturedAtMs: number, publishedAtMs: number): void {
    this.#newestCapturedAtMs = Math.max(this.#newestCapturedAtMs ?? capturedAtMs, capturedAtMs)
    this.timeliness.total++
    if (publishedAtMs - capturedAtMs <= this.#objective.latencyBudgetMs) this.timeliness.good++
  }

  /** Age of information: since the capture of the newest delivered result; null before the first. */
  ageMs(nowMs: number): number | null {
    return this.#newestCapturedAtMs === null ? null : nowMs - this.#newestCapturedAtMs
  }

  sample(atMs: number): void {
    this.availability.total++
    if (!this.#isLive) return
    this.availability.good++
    this.freshness.total++
    const ageMs = this.ageMs(atMs)
    if (ageMs !== null && ageMs <= this.freshnessLimitMs) this.freshness.good++
  }
}
