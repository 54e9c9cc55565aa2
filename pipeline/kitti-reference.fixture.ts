import { z } from 'zod'
import type { Box } from '#datasets/box.ts'
import { kittiAp } from './kitti-ap.ts'
import type { KittiFrame } from './kitti-match.ts'
import { kittiClasses, kittiDifficulties } from './kitti-rules.ts'
import { runReference } from './python-of-eval.fixture.ts'

const ap = z.object({ r40: z.number(), r11: z.number() }).nullable()
const difficulties = z.object({ easy: ap, moderate: ap, hard: ap })

export const kittiReferenceSchema = z.object({
  Car: difficulties,
  Pedestrian: difficulties,
  Cyclist: difficulties,
})
export type KittiReference = z.infer<typeof kittiReferenceSchema>

/** `reference/kitti_ap.py`, all cases in one Python process. */
export function kittiReference(
  cases: readonly (readonly KittiFrame[])[],
): readonly KittiReference[] {
  const input = { cases: cases.map((frames) => ({ frames: frames.map(flat) })) }
  return kittiReferenceSchema.array().parse(runReference('kitti_ap.py', input))
}

function flat({ truth, detections }: KittiFrame): unknown {
  const withEdges = ({ box, ...rest }: { readonly box: Box }): unknown =>
    Object.assign({}, rest, box)
  return { truth: truth.map(withEdges), detections: detections.map(withEdges) }
}

/** The largest difference; Infinity where only one of the two has a value. */
export function kittiDifferenceFrom(
  frames: readonly KittiFrame[],
  expected: KittiReference,
): number {
  const result = kittiAp(frames)
  const differences = kittiClasses.flatMap((name) =>
    kittiDifficulties.map((difficulty) => {
      const ours = result[name][difficulty]
      const theirs = expected[name][difficulty]
      if (ours === null || theirs === null) return ours === theirs ? 0 : Infinity
      return Math.max(Math.abs(ours.r40 - theirs.r40), Math.abs(ours.r11 - theirs.r11))
    }),
  )
  return Math.max(...differences)
}
