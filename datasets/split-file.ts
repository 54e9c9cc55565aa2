import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { StageError } from '#pipeline/stage-error.ts'
import type { Split } from './dataset.ts'

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

/** Side and drive of a frame by the file; null for one in neither list. Throws StageError `input_invalid`. */
export async function readSplit(
  path: string,
): Promise<(id: string) => { readonly split: Split; readonly group: string | null } | null> {
  try {
    const file = splitFileSchema.parse(JSON.parse(await readFile(path, 'utf8')))
    const groups = new Map(Object.entries(file.groups ?? {}))
    const sides = new Map([
      ...file.train.map((id) => [id, 'train'] as const),
      ...file.val.map((id) => [id, 'val'] as const),
    ])
    return (id) => {
      const split = sides.get(id)
      return split === undefined ? null : { split, group: groups.get(id) ?? null }
    }
  } catch (cause) {
    const why = cause instanceof z.ZodError ? (cause.issues[0]?.message ?? '') : String(cause)
    throw new StageError('input_invalid', `${path}: no split of preprocess-kitti: ${why}`, {
      cause,
    })
  }
}
