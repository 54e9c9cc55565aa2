import type { AccessUnit } from '../rtsp/access-unit.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'

/** Units as a camera's first epoch brings them: for the probe and for tests. */
export function stampUnits(units: readonly AccessUnit[]): StampedUnit[] {
  return units.map((unit) => ({
    unit,
    epoch: 1,
    rtpTimestamp: unit.rtpTimestamp,
    capturedAtMs: unit.arrivedAtMs,
    capturedAtWallMs: 0,
    capturedBy: 'arrival',
  }))
}
