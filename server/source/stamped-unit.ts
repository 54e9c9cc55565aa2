import type { AccessUnit } from '../rtsp/access-unit.ts'

/** An access unit on the camera's one outgoing timeline. */
export interface StampedUnit {
  readonly unit: AccessUnit
  /** Counts the camera's connections since server start, from 1. */
  readonly epoch: number
  /**
   * Outgoing RTP timestamp: what viewers and subscribers see, continuous over epochs; the join key. Equal to
   * `unit.rtpTimestamp` in the first epoch.
   */
  readonly rtpTimestamp: number
  /** When the camera captured it, on the server's monotonic clock. */
  readonly capturedAtMs: number
  /** The same instant as wall time. */
  readonly capturedAtWallMs: number
  readonly capturedBy: 'rtcp' | 'arrival'
}
