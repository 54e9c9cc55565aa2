import type { DetectorStatus } from '#gpu/detector.ts'
import type { ModelsView } from '#protocol/models.ts'
import type { Clock } from '#std/clock.ts'

/** A change of models as the API shows it: instants as wall time. */
export function swapView(
  { swap, lastSwapFailure }: Pick<DetectorStatus, 'swap' | 'lastSwapFailure'>,
  clock: Clock,
): Pick<ModelsView, 'swap' | 'lastSwapFailure'> {
  const iso = (atMs: number): string =>
    new Date(clock.wallTimeMs() - (clock.nowMs() - atMs)).toISOString()
  return {
    swap:
      swap === null
        ? null
        : { model: swap.model, phase: swap.phase, startedAt: iso(swap.startedAtMs) },
    lastSwapFailure:
      lastSwapFailure === null
        ? null
        : {
            model: lastSwapFailure.model,
            code: lastSwapFailure.code,
            message: lastSwapFailure.message,
            failedAt: iso(lastSwapFailure.failedAtMs),
          },
  }
}
