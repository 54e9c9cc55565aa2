import { assert } from '#std/assert.ts'
import type { CocoDetection, CocoTruth } from './coco-files.ts'
import { curveOf, type Curve } from './coco-curve.ts'
import {
  type AreaRange,
  detectionsMax,
  type Matches,
  matchPicture,
  overlapThresholds,
  type ScoredBox,
  type TruthBox,
} from './coco-match.ts'

/** AP50-95, AP50, AP75, AP small, medium, large, AR at 1, 10, 100 detections, AR small, medium, large; -1: nothing to find. */
export type CocoStats = readonly number[]

export interface ClassResult {
  readonly id: number
  readonly name: string
  /** 0..1; -1: no such object in the ground truth. */
  readonly ap: number
  readonly ap50: number
  readonly ap75: number
  /** Recall with 100 detections a picture. */
  readonly ar: number
  /** Objects to be found, crowds left out. */
  readonly objects: number
}

export interface CocoResult {
  /** In pycocotools' order. */
  readonly stats: CocoStats
  readonly classes: readonly ClassResult[]
}

export const statNames = [
  'AP',
  'AP50',
  'AP75',
  'APsmall',
  'APmedium',
  'APlarge',
  'AR1',
  'AR10',
  'AR100',
  'ARsmall',
  'ARmedium',
  'ARlarge',
] as const

/** Square pixels; the borders belong to both neighbours. */
const ranges = {
  all: { min: 0, max: 1e10 },
  small: { min: 0, max: 32 ** 2 },
  medium: { min: 32 ** 2, max: 96 ** 2 },
  large: { min: 96 ** 2, max: 1e10 },
} as const satisfies Readonly<Record<string, AreaRange>>

/**
 * The COCO protocol for boxes, as pycocotools 2.0.11 computes it, to 1e-6. One difference is meant: there, an object
 * whose annotation id is 0 counts as not found even when it is. Detections of classes that the ground truth does not
 * name are left out, as there.
 */
export function cocoMap(truth: CocoTruth, detections: readonly CocoDetection[]): CocoResult {
  const grouped = group(truth, detections)
  const classes = grouped.map((pictures) => ({
    all: matched(pictures, ranges.all),
    small: matched(pictures, ranges.small),
    medium: matched(pictures, ranges.medium),
    large: matched(pictures, ranges.large),
  }))
  const curves = (range: keyof typeof ranges, perPicture = detectionsMax): readonly Curve[] =>
    classes.flatMap((each) => curveOf(each[range], perPicture) ?? [])
  const all = curves('all')
  return {
    stats: [
      meanOf(all, 'precision'),
      meanOf(all, 'precision', thresholdRow(0.5)),
      meanOf(all, 'precision', thresholdRow(0.75)),
      meanOf(curves('small'), 'precision'),
      meanOf(curves('medium'), 'precision'),
      meanOf(curves('large'), 'precision'),
      meanOf(curves('all', 1), 'recall'),
      meanOf(curves('all', 10), 'recall'),
      meanOf(all, 'recall'),
      meanOf(curves('small'), 'recall'),
      meanOf(curves('medium'), 'recall'),
      meanOf(curves('large'), 'recall'),
    ],
    classes: sortedClasses(truth).map((each, index) =>
      classResult(each, classes[index]?.all ?? []),
    ),
  }
}

function classResult(
  { id, name }: CocoTruth['categories'][number],
  pictures: readonly Matches[],
): ClassResult {
  const curve = curveOf(pictures)
  const curves = curve === null ? [] : [curve]
  return {
    id,
    name,
    ap: meanOf(curves, 'precision'),
    ap50: meanOf(curves, 'precision', thresholdRow(0.5)),
    ap75: meanOf(curves, 'precision', thresholdRow(0.75)),
    ar: meanOf(curves, 'recall'),
    objects: pictures.reduce((sum, { positives }) => sum + positives, 0),
  }
}

function thresholdRow(threshold: number): number {
  const row = overlapThresholds.findIndex((each) => Math.abs(each - threshold) < 1e-9)
  assert(row >= 0, `${threshold} is one of the thresholds`)
  return row
}

/** Over classes and thresholds, or over classes at one of them; -1 where no class has anything to find. */
function meanOf(curves: readonly Curve[], what: keyof Curve, row?: number): number {
  let sum = 0
  let count = 0
  for (const curve of curves)
    for (const [index, value] of curve[what].entries()) {
      if (row !== undefined && index !== row) continue
      sum += value
      count++
    }
  return count === 0 ? -1 : sum / count
}

interface Picture {
  readonly truth: TruthBox[]
  readonly detections: ScoredBox[]
}

function matched(pictures: readonly Picture[], range: AreaRange): readonly Matches[] {
  return pictures.map(({ truth, detections }) => matchPicture(truth, detections, range))
}

/** Class by class in the order of their ids, picture by picture in that of theirs; pictures with neither are left out. */
function group(
  truth: CocoTruth,
  detections: readonly CocoDetection[],
): readonly (readonly Picture[])[] {
  const classes = new Map<number, Map<number, Picture>>()
  for (const { id } of sortedClasses(truth)) classes.set(id, new Map())
  const pictureOf = (classId: number, imageId: number): Picture | null => {
    const pictures = classes.get(classId)
    if (pictures === undefined) return null
    const standing = pictures.get(imageId)
    if (standing !== undefined) return standing
    const made: Picture = { truth: [], detections: [] }
    pictures.set(imageId, made)
    return made
  }
  for (const { category_id, image_id, bbox, area, iscrowd } of truth.annotations)
    pictureOf(category_id, image_id)?.truth.push({ box: bbox, area, isCrowd: iscrowd === 1 })
  for (const { category_id, image_id, bbox, score } of detections)
    pictureOf(category_id, image_id)?.detections.push({ box: bbox, score })
  return [...classes.values()].map((pictures) =>
    [...pictures.entries()]
      .sort(([a], [b]) => a - b)
      .map(([, { truth: objects, detections: found }]) => ({
        truth: objects,
        detections: best(found),
      })),
  )
}

function best(detections: readonly ScoredBox[]): ScoredBox[] {
  return detections.toSorted((a, b) => b.score - a.score).slice(0, detectionsMax)
}

function sortedClasses(truth: CocoTruth): CocoTruth['categories'] {
  return truth.categories.toSorted((a, b) => a.id - b.id)
}
