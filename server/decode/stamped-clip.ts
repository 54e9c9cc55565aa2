import type { StampedUnit } from '../source/stamped-unit.ts'
import { encodePcmClip, type PcmClip } from './pcm-clip.ts'

/** A made clip as a camera's first epoch brings it: for the probe and for tests. */
export function stampedPcmClip(clip: PcmClip): StampedUnit[] {
  return encodePcmClip(clip).map((unit) => ({
    unit,
    epoch: 1,
    rtpTimestamp: unit.rtpTimestamp,
    capturedAtMs: unit.arrivedAtMs,
    capturedAtWallMs: 0,
    capturedBy: 'arrival',
  }))
}
