import { assert } from '#std/assert.ts'
import type { Clock } from '#std/clock.ts'
import type { Slo } from './camera-slo.ts'
import { type GoodTotal, ObjectiveCounters, samplePeriodMs } from './objective-counters.ts'
import { StageTimer } from './stage-timer.ts'

/** After a longer stop of the process (a laptop that slept) the time in it is not counted. */
const catchUpMaxMs = 10_000

/** One camera's numbers, for the metrics. */
export interface CameraSloView {
  readonly cameraId: string
  readonly ageOfInformationMs: number | null
  readonly indicators: {
    readonly freshness: Readonly<GoodTotal>
    readonly timeliness: Readonly<GoodTotal>
    readonly availability: Readonly<GoodTotal>
  }
}

/** Measures all cameras against their objectives. */
export interface SloMeasurement extends Slo, Disposable {
  readonly timer: StageTimer
  cameras(): readonly CameraSloView[]
}

export function openSlo(clock: Clock): SloMeasurement {
  const timer = new StageTimer()
  const cameras = new Map<string, ObjectiveCounters>()
  let sampledAtMs = clock.nowMs()
  const sampler = clock.every(samplePeriodMs, () => {
    const nowMs = clock.nowMs()
    if (nowMs - sampledAtMs > catchUpMaxMs) sampledAtMs = nowMs - samplePeriodMs
    // A blocked event loop skips ticks, but nothing was delivered in them: the ages of then are known now.
    for (; sampledAtMs + samplePeriodMs <= nowMs; sampledAtMs += samplePeriodMs)
      for (const camera of cameras.values()) camera.sample(sampledAtMs + samplePeriodMs)
  })

  return {
    timer,
    addCamera(objective) {
      assert(!cameras.has(objective.cameraId), `camera ${objective.cameraId} is measured once`)
      const counters = new ObjectiveCounters(objective)
      cameras.set(objective.cameraId, counters)
      return {
        delivered(stamps) {
          timer.observe(stamps)
          counters.delivered(stamps.capturedAtMs, stamps.publishedAtMs)
        },
        setLive: (state) => counters.setLive(state),
        setCameraFps: (fps) => counters.setCameraFps(fps),
        [Symbol.dispose]() {
          if (cameras.get(objective.cameraId) === counters) cameras.delete(objective.cameraId)
        },
      }
    },
    cameras() {
      const nowMs = clock.nowMs()
      return Array.from(cameras, ([cameraId, counters]) => ({
        cameraId,
        ageOfInformationMs: counters.ageMs(nowMs),
        indicators: {
          freshness: counters.freshness,
          timeliness: counters.timeliness,
          availability: counters.availability,
        },
      }))
    },
    [Symbol.dispose]: () => sampler[Symbol.dispose](),
  }
}
