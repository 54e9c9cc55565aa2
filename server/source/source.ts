import type { SourceCode } from '#protocol/camera-state.ts'
import { CodedError } from '#std/coded-error.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'

/** Why a source could not be opened or stopped; `message` is one sentence for a person, without secrets. */
export class SourceError extends CodedError<SourceCode> {
  override readonly name = 'SourceError'
}

/** What the source says about its video before the first access unit. */
export interface SourceVideo {
  readonly codec: 'h264'
  /** The frame rate the source announces; null where it says nothing. */
  readonly announcedFps: number | null
}

export interface SourceListener {
  onAccessUnit(unit: AccessUnit): void
  /** RTCP sender report: the camera's wall clock at an RTP timestamp (RFC 3550 section 6.4.1). */
  onSenderReport(report: {
    readonly ntpTimeMs: number
    readonly rtpTimestamp: number
    readonly arrivedAtMs: number
  }): void
  /** Packets that never came, before reordering gave up on them. */
  onPacketsLost(count: number): void
}

/** One open connection to a camera. */
export interface Source extends AsyncDisposable {
  readonly video: SourceVideo
  /** Resolves, once, when the connection has ended for whatever reason; disposing ends it with code `ended`. */
  readonly ended: Promise<SourceError>
}

/**
 * Opens a connection: resolves when the source agreed to play, rejects with a SourceError.
 * The port of which RTSP, WHIP and files are adapters.
 */
export type OpenSource = (listener: SourceListener, attempt: OpenAttempt) => Promise<Source>

export interface OpenAttempt {
  /** Gives up. */
  readonly signal: AbortSignal
  /** How long the network connection alone may take. */
  readonly connectPatienceMs: number
}
