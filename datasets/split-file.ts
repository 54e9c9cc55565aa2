import { z } from 'zod'

/** `split.json`: which frame lies on which side, and why. */
export const splitFileSchema = z.strictObject({
  version: z.literal(1),
  /** `drive`: no drive on both sides. `lists`: as somebody's lists have it. `random`: neighbours on both sides. */
  by: z.enum(['drive', 'lists', 'random']),
  seed: z.int(),
  /** Ids of frames, in their order. */
  train: z.array(z.string()),
  val: z.array(z.string()),
  /** Frame -> drive, where the devkit's mapping is known. */
  groups: z.record(z.string(), z.string()).optional(),
  /** Drives with frames on both sides; none of a split by drive. */
  leaks: z.array(z.string()),
})
export type SplitFile = z.infer<typeof splitFileSchema>
