import { backoffDelayMs } from '#std/backoff.ts'
import type { SourceError } from './source.ts'

/** A camera that was live so recently is expected back any moment. */
const recentlyLiveMs = 10 * 60_000
/** For so long after it went it is tried as fast as it can be. */
const fastPhaseMs = 10_000
const fastMs = 250
const recentMs = 1000
/** A camera that refused is asked seldom, so that no account is locked. */
const refusedMs = 60_000

export interface RetryPlan {
  /** From the start of the failed try to the start of the next one. */
  readonly delayMs: number
  readonly connectPatienceMs: number
  /** Only a person can change it: the camera is shown as refused. */
  readonly isRefused: boolean
}

/** How long the first try of all may take to connect. */
export const firstPatienceMs = 2000

/** When to try again, and how patiently. Pure: `random` is in [0, 1). */
export function planRetry(after: {
  readonly error: SourceError
  /** Null: it never was. */
  readonly lastLiveAtMs: number | null
  /** Tries that failed since it was live, or since the start. */
  readonly failures: number
  readonly nowMs: number
  readonly random: number
}): RetryPlan {
  const goneMs = after.lastLiveAtMs === null ? Infinity : after.nowMs - after.lastLiveAtMs
  const isRecent = goneMs <= recentlyLiveMs
  const jitter = 1 + 0.2 * (2 * after.random - 1)
  if (isRefusal(after.error, isRecent))
    return { delayMs: refusedMs * jitter, connectPatienceMs: firstPatienceMs, isRefused: true }
  if (goneMs <= fastPhaseMs) return { delayMs: fastMs, connectPatienceMs: fastMs, isRefused: false }
  if (isRecent) return { delayMs: recentMs * jitter, connectPatienceMs: recentMs, isRefused: false }
  const delayMs = backoffDelayMs({
    attempt: after.failures - 1,
    firstMs: 250,
    capMs: 5000,
    random: after.random,
  })
  return { delayMs, connectPatienceMs: firstPatienceMs, isRefused: false }
}

/** A camera or its proxy that is just starting up may not know its own path yet: that is no refusal while it was live. */
function isRefusal(error: SourceError, isRecent: boolean): boolean {
  if (error.code === 'unauthorized' || error.code === 'unsupported_codec') return true
  return !isRecent && (error.code === 'not_found' || error.code === 'no_video')
}
