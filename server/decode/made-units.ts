import { assert } from '#std/assert.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import type { FfmpegRig } from './ffmpeg-rig.ts'
import { encodePcmClip } from './pcm-clip.ts'
import { stampUnits } from './stamp-units.ts'

/** Of made picture `index`. */
export function pcmLumaOf(index: number): number {
  return 20 + 4 * (index % 50)
}

/** For tests: units whose pictures say which they are. */
export function pcmUnits(
  count: number,
  keyEvery = 30,
  size = { width: 64, height: 48 },
): StampedUnit[] {
  return stampUnits(encodePcmClip({ ...size, count, keyEvery, lumaOf: pcmLumaOf }))
}

/** For tests: the frames are exactly these units, in order, each with its own picture. */
export function assertExact(
  rig: FfmpegRig,
  units: readonly StampedUnit[],
  lumaOf: (index: number) => number,
  within = 3,
): void {
  assert(rig.frames.length === units.length, `${rig.frames.length} of ${units.length} frames`)
  for (const [i, { stamped, luma }] of rig.frames.entries()) {
    assert(stamped === units[i], `frame ${i} is of its unit`)
    const index = stamped.rtpTimestamp / 3000
    assert(
      Math.abs(luma - lumaOf(index)) < within,
      `picture ${index}: ${luma} for ${lumaOf(index)}`,
    )
  }
}
