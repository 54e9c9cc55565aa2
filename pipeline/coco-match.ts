import { assert } from '#std/assert.ts'

/** Left, top, width, height; pixels. */
export type CocoBox = readonly [number, number, number, number]

export interface TruthBox {
  readonly box: CocoBox
  /** Of the annotation: COCO's is that of the object's outline, not of its box. Decides the size class. */
  readonly area: number
  /** A group: any number of detections may lie in it, and none of them counts. */
  readonly isCrowd: boolean
}

export interface ScoredBox {
  readonly box: CocoBox
  readonly score: number
}

/** Both borders belong to the range. */
export interface AreaRange {
  readonly min: number
  readonly max: number
}

/** How the detections of one picture and class fared; rows of thresholds, columns of detections, best first. */
export interface Matches {
  readonly scores: Float64Array
  /** 1: the detection has found an object; `thresholds * detections` values. */
  readonly isMatched: Uint8Array
  /** 1: the detection counts neither for nor against. */
  readonly isIgnored: Uint8Array
  /** Objects that are to be found. */
  readonly positives: number
}

/** `numpy.linspace(.5, .95, 10)`, to the last bit: a border case at .65 depends on it. */
export const overlapThresholds: Float64Array = Float64Array.from({ length: 10 }, (_, i) =>
  i === 9 ? 0.95 : i * ((0.95 - 0.5) / 9) + 0.5,
)

/** The protocol looks at no more of one class in one picture. */
export const detectionsMax = 100

/**
 * Greedy matching of the COCO protocol (Lin et al., arXiv:1405.0312; rules as pycocotools 2.0.11 applies them): the
 * best detection first takes the free object that it overlaps most, the last one of equals. Objects outside of the
 * range and crowds are taken only where no other is, and make what takes them count for nothing; so does a free
 * detection outside of the range. `detections` best first, 100 at most.
 */
export function matchPicture(
  truth: readonly TruthBox[],
  detections: readonly ScoredBox[],
  range: AreaRange,
): Matches {
  assert(detections.length <= detectionsMax, 'a picture shows its best 100 detections of a class')
  const ordered = ignoredLast(truth, range)
  const overlaps = overlapsOf(
    detections,
    ordered.map(({ object }) => object),
  )
  const isMatched = new Uint8Array(overlapThresholds.length * detections.length)
  const isIgnored = new Uint8Array(isMatched.length)
  for (const [row, threshold] of overlapThresholds.entries()) {
    const isTaken = new Uint8Array(ordered.length)
    for (const [column, { box }] of detections.entries()) {
      const at = row * detections.length + column
      const found = bestFree(ordered, isTaken, {
        overlaps: overlaps.subarray(column * ordered.length),
        threshold,
      })
      const object = ordered[found]
      if (object === undefined) {
        isIgnored[at] = isOutside(box[2] * box[3], range) ? 1 : 0
        continue
      }
      isTaken[found] = 1
      isMatched[at] = 1
      isIgnored[at] = object.isIgnored ? 1 : 0
    }
  }
  return {
    scores: Float64Array.from(detections, ({ score }) => score),
    isMatched,
    isIgnored,
    positives: ordered.filter((each) => !each.isIgnored).length,
  }
}

interface OrderedTruth {
  readonly object: TruthBox
  readonly isIgnored: boolean
}

/** Stable, so that objects of one kind stay in the order of the file. */
function ignoredLast(truth: readonly TruthBox[], range: AreaRange): readonly OrderedTruth[] {
  const all = truth.map((object) => ({
    object,
    isIgnored: object.isCrowd || isOutside(object.area, range),
  }))
  return [...all.filter((each) => !each.isIgnored), ...all.filter((each) => each.isIgnored)]
}

/** Index of the object that the detection takes; -1: none. */
function bestFree(
  ordered: readonly OrderedTruth[],
  isTaken: Uint8Array,
  detection: { readonly overlaps: Float64Array; readonly threshold: number },
): number {
  let best = -1
  let least = detection.threshold
  for (const [index, { object, isIgnored }] of ordered.entries()) {
    if (isTaken[index] === 1 && !object.isCrowd) continue
    // A real object is better than any that is ignored.
    if (isIgnored && best >= 0 && ordered[best]?.isIgnored === false) break
    const overlap = detection.overlaps[index] ?? 0
    if (overlap < least) continue
    least = overlap
    best = index
  }
  return best
}

function isOutside(area: number, range: AreaRange): boolean {
  return area < range.min || area > range.max
}

/** Rows of detections, columns of objects. */
function overlapsOf(detections: readonly ScoredBox[], truth: readonly TruthBox[]): Float64Array {
  const overlaps = new Float64Array(detections.length * truth.length)
  let at = 0
  for (const { box } of detections)
    for (const object of truth) overlaps[at++] = overlapOf(box, object)
  return overlaps
}

/** Intersection over union; of a crowd, over the detection's own area. */
function overlapOf(box: CocoBox, { box: other, isCrowd }: TruthBox): number {
  const width = Math.min(box[0] + box[2], other[0] + other[2]) - Math.max(box[0], other[0])
  const height = Math.min(box[1] + box[3], other[1] + other[3]) - Math.max(box[1], other[1])
  if (width <= 0 || height <= 0) return 0
  const shared = width * height
  const area = box[2] * box[3]
  return shared / (isCrowd ? area : area + other[2] * other[3] - shared)
}
