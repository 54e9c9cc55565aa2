import { detectionsMax, type Matches, overlapThresholds } from './coco-match.ts'

/** Recalls at which precision is read: 0, .01, .. 1, as `numpy.linspace` gives them. */
const recallPoints = Float64Array.from({ length: 101 }, (_, i) => (i === 100 ? 1 : i * 0.01))
/** The spacing of floats at 1, which the protocol adds to a divisor that may be 0. */
const spacing = 2 ** -52

/** Of one class and size class; a value a threshold of overlap. */
export interface Curve {
  /** Mean of the precision at 101 recalls, each the best at that recall or a higher one. */
  readonly precision: Float64Array
  /** The share of objects found by all detections together. */
  readonly recall: Float64Array
}

/**
 * Precision over recall of one class, pictures in the order of their ids; null where there is nothing to find.
 * `perPicture`: only so many detections of each picture count. Equal scores keep the order of pictures, and within
 * one that of the file.
 */
export function curveOf(
  pictures: readonly Matches[],
  perPicture: number = detectionsMax,
): Curve | null {
  let positives = 0
  for (const picture of pictures) positives += picture.positives
  if (positives === 0) return null
  const ranked = rank(pictures, perPicture)
  const precision = new Float64Array(overlapThresholds.length)
  const recall = new Float64Array(overlapThresholds.length)
  const precisions = new Float64Array(ranked.length)
  const recalls = new Float64Array(ranked.length)
  for (const row of overlapThresholds.keys()) {
    let found = 0
    let wrong = 0
    for (const [index, { picture, column }] of ranked.entries()) {
      const at = row * picture.scores.length + column
      if (picture.isIgnored[at] === 0) {
        if (picture.isMatched[at] === 1) found++
        else wrong++
      }
      recalls[index] = found / positives
      precisions[index] = found / (wrong + found + spacing)
    }
    recall[row] = recalls.at(-1) ?? 0
    precision[row] = meanPrecision(precisions, recalls)
  }
  return { precision, recall }
}

interface Ranked {
  readonly score: number
  readonly picture: Matches
  readonly column: number
}

/** Best first; the sort is stable. */
function rank(pictures: readonly Matches[], perPicture: number): readonly Ranked[] {
  const all: Ranked[] = []
  for (const picture of pictures)
    for (const [column, score] of picture.scores.subarray(0, perPicture).entries())
      all.push({ score, picture, column })
  return all.sort((a, b) => b.score - a.score)
}

function meanPrecision(precisions: Float64Array, recalls: Float64Array): number {
  for (let i = precisions.length - 1; i > 0; i--)
    precisions[i - 1] = Math.max(precisions[i - 1] ?? 0, precisions[i] ?? 0)
  let sum = 0
  let at = 0
  for (const point of recallPoints) {
    while (at < recalls.length && (recalls[at] ?? 0) < point) at++
    sum += precisions[at] ?? 0
  }
  return sum / recallPoints.length
}
