import type { SchedulingPolicy } from '../scheduling-policy.ts'
import { SheddingController } from '../shedding.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import { freshnessTargetMs, type Scenario } from './scenario.ts'

interface Watched {
  arrivals: number
  results: number
  newestCaptureAtMs: number
  ageRatio: number
}

/** What the server does around the controller: counts for a second, looks at ages every 100 ms, sets the rates. */
export class SimulatedShedding {
  readonly ratesFps: number[][] = []
  readonly #scenario: Scenario
  readonly #policy: Pick<SchedulingPolicy<SchedulableFrame>, 'setDetectRate'>
  readonly #controller = new SheddingController()
  readonly #watched: readonly Watched[]
  #busyMs = 0
  #samples = 0

  constructor(
    scenario: Scenario,
    policy: Pick<SchedulingPolicy<SchedulableFrame>, 'setDetectRate'>,
  ) {
    this.#scenario = scenario
    this.#policy = policy
    this.#watched = scenario.cameras.map(({ onAtMs }) => ({
      arrivals: 0,
      results: 0,
      newestCaptureAtMs: onAtMs,
      ageRatio: 0,
    }))
  }

  arrived(camera: number): void {
    const watched = this.#watched[camera]
    if (watched !== undefined) watched.arrivals++
  }

  detected({ camera, capturedAtMs }: { camera: number; capturedAtMs: number }): void {
    const watched = this.#watched[camera]
    if (watched === undefined) return
    watched.results++
    watched.newestCaptureAtMs = Math.max(watched.newestCaptureAtMs, capturedAtMs)
  }

  ran(ms: number): void {
    this.#busyMs += ms
  }

  /** Every 100 ms. */
  sample(nowMs: number): void {
    for (const [index, watched] of this.#watched.entries()) {
      const camera = this.#scenario.cameras[index]
      if (camera === undefined || nowMs < camera.onAtMs || nowMs > camera.offAtMs) continue
      const ageMs = nowMs - watched.newestCaptureAtMs
      const targetMs = freshnessTargetMs(camera, this.#scenario.budgetMs)
      watched.ageRatio = Math.max(watched.ageRatio, ageMs / targetMs)
    }
    if (++this.#samples % 10 === 0) this.#tick(nowMs)
  }

  #tick(nowMs: number): void {
    const streams = this.#scenario.cameras.flatMap((camera, index) => {
      const watched = this.#watched[index]
      if (watched === undefined || nowMs < camera.onAtMs || nowMs > camera.offAtMs) return []
      return [
        {
          streamId: String(index),
          weight: camera.weight,
          configuredFps: camera.detectFps,
          arrivalFps: watched.arrivals,
          detectedFps: watched.results,
          ageRatio: watched.ageRatio,
        },
      ]
    })
    const utilization = Math.min(1, this.#busyMs / (1000 * this.#scenario.sessions))
    const rates = this.#controller.tick({ nowMs, utilization, streams })
    for (const { streamId, detectFps } of rates) this.#policy.setDetectRate(streamId, detectFps)
    const inForce = this.#watched.map(() => Number.NaN)
    for (const { streamId, detectFps } of rates) inForce[Number(streamId)] = detectFps
    this.ratesFps.push(inForce)
    this.#busyMs = 0
    for (const watched of this.#watched) {
      watched.arrivals = 0
      watched.results = 0
      watched.ageRatio = 0
    }
  }
}
