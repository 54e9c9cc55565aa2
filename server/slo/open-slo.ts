import { assert } from '#std/assert.ts'
import type { Clock } from '#std/clock.ts'
import { CameraMeasurement } from './camera-measurement.ts'
import type { CameraSlo, Slo } from './camera-slo.ts'
import type { IndicatorCounts } from './indicator-counts.ts'
import { samplePeriodMs } from './objective-counters.ts'
import { overloadAbove } from './objectives.ts'
import { fairnessOf, type SloReport, sloReport } from './slo-report.ts'
import { StageTimer } from './stage-timer.ts'
import { TotalMeasurement } from './total-measurement.ts'
import { sliceMs } from './window-counts.ts'

/** After a longer stop of the process (a laptop that slept) the time in it is not counted. */
const catchUpMaxMs = 10_000

/** One camera's numbers, for the metrics. */
export interface CameraSloView {
  readonly cameraId: string
  readonly ageOfInformationMs: number | null
  readonly indicators: IndicatorCounts
}

/** Measures all cameras against their objectives. */
export interface SloMeasurement extends Slo, Disposable {
  readonly timer: StageTimer
  cameras(): readonly CameraSloView[]
  /** The camera's worst age of information over its freshness limit since the last call. */
  takeWorstAgeRatio(cameraId: string): number
  /** Jain's index of the last ten seconds; null while nobody got anything. */
  fairness(): number | null
  report(): SloReport
}

export interface SloOptions {
  readonly clock: Clock
  /** Share of the device that is in use, 0..1. */
  readonly utilization: () => number
}

export function openSlo({ clock, utilization }: SloOptions): SloMeasurement {
  const timer = new StageTimer()
  const cameras = new Map<string, CameraMeasurement>()
  const total = new TotalMeasurement()
  const load = { isOverloaded: false }
  const startedAtMs = clock.nowMs()
  let sampledAtMs = startedAtMs
  const sampler = clock.every(samplePeriodMs, () => {
    const nowMs = clock.nowMs()
    load.isOverloaded = utilization() > overloadAbove
    if (nowMs - sampledAtMs > catchUpMaxMs) sampledAtMs = nowMs - samplePeriodMs
    // A blocked event loop skips ticks, but nothing was delivered in them: the ages of then are known now.
    for (; sampledAtMs + samplePeriodMs <= nowMs; sampledAtMs += samplePeriodMs) sample(sampledAtMs)
  })

  function sample(fromMs: number): void {
    const atMs = fromMs + samplePeriodMs
    let isAnyLive = false
    for (const camera of cameras.values()) {
      camera.sample(atMs)
      isAnyLive ||= camera.counters.isLive
    }
    total.sampled({ isAnyLive })
    if (Math.floor(atMs / sliceMs) > Math.floor(fromMs / sliceMs))
      total.settle(atMs, cameras.values())
  }

  return {
    timer,
    addCamera(objective): CameraSlo {
      const { cameraId } = objective
      assert(!cameras.has(cameraId), `camera ${cameraId} is measured once`)
      const camera = new CameraMeasurement(objective, clock.nowMs())
      cameras.set(cameraId, camera)
      return {
        received: (capturedAtMs) => camera.received(capturedAtMs, load),
        delivered(stamps) {
          timer.observe(stamps)
          camera.delivered(stamps, load)
        },
        setLive: (state) => camera.setLive(clock.nowMs(), state),
        setCameraFps: (fps) => camera.counters.setCameraFps(fps),
        [Symbol.dispose]() {
          if (cameras.get(cameraId) !== camera) return
          total.settle(clock.nowMs(), [camera])
          cameras.delete(cameraId)
        },
      }
    },
    cameras() {
      const nowMs = clock.nowMs()
      return Array.from(cameras, ([cameraId, { counters }]) => ({
        cameraId,
        ageOfInformationMs: counters.ageMs(nowMs),
        indicators: counters.counts,
      }))
    },
    takeWorstAgeRatio: (cameraId) => cameras.get(cameraId)?.takeWorstAgeRatio() ?? 0,
    fairness: () => fairnessOf([...cameras.values()], clock.nowMs()).index,
    report() {
      const nowMs = clock.nowMs()
      total.settle(nowMs, cameras.values())
      return sloReport({ cameras: [...cameras.values()], total, startedAtMs, nowMs })
    },
    [Symbol.dispose]: () => sampler[Symbol.dispose](),
  }
}
