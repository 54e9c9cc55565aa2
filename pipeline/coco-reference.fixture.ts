import assert from 'node:assert/strict'
import { z } from 'zod'
import type { CocoCase } from './coco-cases.fixture.ts'
import { cocoMap } from './coco-map.ts'
import { runReference } from './python-of-eval.fixture.ts'

/** What pycocotools says of a case: its twelve numbers, and AP and AP50 of each class in the order of their ids. */
export const referenceSchema = z.object({
  stats: z.array(z.number()).length(12),
  ap: z.array(z.number()),
  ap50: z.array(z.number()),
})
export type Reference = z.infer<typeof referenceSchema>

/** All cases in one Python process: its start takes longer than hundreds of cases. */
export function pycocotools(cases: readonly Omit<CocoCase, 'name'>[]): readonly Reference[] {
  return z.array(referenceSchema).parse(runReference('coco_map.py', { cases }))
}

/** The largest difference of any number; a case without a reference fails. */
export function differenceFrom(
  { truth, detections }: Omit<CocoCase, 'name'>,
  expected: Reference | undefined,
): number {
  assert.ok(expected !== undefined, 'there is a reference for each case')
  const { stats, classes } = cocoMap(truth, detections)
  assert.equal(classes.length, expected.ap.length)
  const pairs = [
    ...stats.map((value, i) => [value, expected.stats[i]]),
    ...classes.map(({ ap }, i) => [ap, expected.ap[i]]),
    ...classes.map(({ ap50 }, i) => [ap50, expected.ap50[i]]),
  ]
  return Math.max(...pairs.map(([ours = NaN, theirs = NaN]) => Math.abs(ours - theirs)))
}
