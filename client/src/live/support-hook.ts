import type { MatchCounts } from './camera-screen.ts'
import type { DrawRecord } from './draw-log.ts'
import type { GapCounts } from './seq-tracker.ts'

/** What this page did with one camera. */
export interface CameraSupport extends MatchCounts {
  readonly state: string
  readonly lastRtpTimestamp: number | null
  /** The newest draw: which detections were put over which frame. */
  readonly drawn: DrawRecord | null
  /** The last 2,000 draws, oldest first. A frame has two when its own detections came while it was displayed. */
  readonly draws: readonly DrawRecord[]
  /** Draws since the page opened, kept or not. */
  readonly drawsWritten: number
  /** Capture to screen over the last minute; null while unknown. */
  readonly displayDelayMs: { readonly p50: number | null; readonly p95: number | null }
  /** How long pictures wait on purpose, 0 in Live. */
  readonly waitMs: number
  readonly joins: number
  readonly lastEnd: string | null
}

/** `window.sightline`: read-only figures for tests and support. Nothing on the page depends on it. */
export interface SupportHook {
  readonly cameras: Readonly<Record<string, CameraSupport>>
  readonly socket: {
    readonly status: string
    readonly gaps: GapCounts
    readonly unparsed: number
    readonly lastError: string | null
    /** How far off the server's clock can be, half the shortest round trip; null before the first answer. */
    readonly clockErrorMsMax: number | null
  }
}

declare global {
  interface Window {
    sightline?: SupportHook
  }
}
