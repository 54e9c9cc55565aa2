import type { DetectRate, Shedding, ShedReason } from '#gpu/shedding.ts'
import type { Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { UtilizationMeter, type SessionBusyness } from './utilization-meter.ts'

/** How often rates are decided. */
export const shedPeriodMs = 1000

type Decision = Pick<DetectRate, 'detectFps'> & { readonly reason: ShedReason }

/** What a camera asks of the device, and what it got. */
export interface SheddableCamera {
  readonly cameraId: string
  readonly weight: number
  /** 0 = every frame. */
  readonly configuredFps: number
  /** 0 while unknown or away. */
  readonly arrivalFps: number
  /** Results since it was added. */
  readonly detected: number
  /** What was decided for it; null: it gets what is configured. */
  readonly decided: Decision | null
}

export interface LoadShedderOptions {
  readonly clock: Clock
  readonly log: Log
  readonly controller: Shedding
  readonly cameras: {
    loads(): Iterable<SheddableCamera>
    decideRate(cameraId: string, rate: Decision | null): void
  }
  readonly detector: { sessions(): readonly SessionBusyness[] }
  /** Worst age of information over its target since it was asked last. */
  readonly takeWorstAgeRatio: (cameraId: string) => number
}

/**
 * The shell of the shedding controller: gives it once a second what the device, the cameras and the objectives say, and
 * sets the rates that it decides where they changed.
 */
export function openLoadShedder(options: LoadShedderOptions): Disposable {
  const { clock, log, controller, cameras } = options
  const meter = new UtilizationMeter(options.detector.sessions(), clock.nowMs())
  /** As of the last tick. */
  let detected = new Map<string, number>()
  let isShedding = false
  let tickedAtMs = clock.nowMs()

  const timer = clock.every(shedPeriodMs, () => {
    const nowMs = clock.nowMs()
    const seconds = (nowMs - tickedAtMs) / 1000
    tickedAtMs = nowMs
    const loads = [...cameras.loads()]
    const streams = loads.map(({ cameraId, weight, configuredFps, arrivalFps, detected: now }) => ({
      streamId: cameraId,
      weight,
      configuredFps,
      arrivalFps,
      // A camera that was removed and added again counts from 0.
      detectedFps: Math.max(0, now - (detected.get(cameraId) ?? now)) / seconds,
      ageRatio: options.takeWorstAgeRatio(cameraId),
    }))
    detected = new Map(loads.map((load) => [load.cameraId, load.detected]))
    const utilization = meter.since(options.detector.sessions(), nowMs)
    apply(controller.tick({ nowMs, utilization, streams }), loads)
  })

  function apply(rates: readonly DetectRate[], loads: readonly SheddableCamera[]): void {
    let short = 0
    for (const [index, { streamId, detectFps, reason }] of rates.entries()) {
      if (reason !== null) short++
      const decision = reason === null ? null : { detectFps, reason }
      if (!isSame(decision, loads[index]?.decided ?? null)) cameras.decideRate(streamId, decision)
    }
    if (short > 0 === isShedding) return
    isShedding = short > 0
    if (isShedding)
      log.warn('overload: cameras get fewer results than configured', { cameras: short })
    else log.info('the overload has ended')
  }

  return timer
}

function isSame(a: Decision | null, b: Decision | null): boolean {
  return a?.detectFps === b?.detectFps && a?.reason === b?.reason
}
