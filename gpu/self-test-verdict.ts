import { candidateValues } from './candidates.ts'
import type { ExpectedBox, ModelCard } from './model-card.ts'

export type SelfTestSuspect = 'photo' | 'ffmpeg' | 'scale' | 'colour-order' | 'fit' | 'unknown'

export interface SelfTestVerdict {
  readonly suspect: SelfTestSuspect
  readonly sentence: string
}

/** Boxes on one picture are few; a network fed numbers of the wrong size finds nothing, or boxes everywhere. */
const boxesFactorMax = 10
/** Displaced, but the same object: a wrong fit moves boxes by at most half a stride or so of padding. */
const displacementMax = 0.15

type Card = Pick<ModelCard, 'classes' | 'selfTest' | 'thresholds'>

/**
 * What is wrong, from the detections (6 numbers each, as Model.run gives them) on the picture `asIs` and with red
 * and blue `swapped`; null when all is right.
 */
export function judgeSelfTest(
  card: Card,
  found: { readonly asIs: Float32Array; readonly swapped: Float32Array },
): SelfTestVerdict | null {
  const asIs = boxesOf(card, found.asIs)
  if (agrees(card, asIs)) return null
  const heard = `the model does not find on the self-test's photo what its card expects (${describe(card.selfTest.boxes)}) but ${describe(asIs)}`
  if (agrees(card, boxesOf(card, found.swapped)))
    return {
      suspect: 'colour-order',
      sentence: `${heard}; with red and blue swapped it does: the card's colour order is wrong`,
    }
  if (asIs.length === 0 || asIs.length > card.selfTest.boxes.length * boxesFactorMax)
    return {
      suspect: 'scale',
      sentence: `${heard}: the card's scale (0..1 or 0..255), mean or std is likely wrong`,
    }
  if (isDisplaced(card, asIs))
    return {
      suspect: 'fit',
      sentence: `${heard}; the objects are right, their places are not: the card's fit is likely wrong`,
    }
  return {
    suspect: 'unknown',
    sentence: `${heard}: are these the weights that the card describes?`,
  }
}

function agrees({ selfTest, thresholds }: Card, found: readonly ExpectedBox[]): boolean {
  const { boxes, scoreTolerance, edgeTolerance } = selfTest
  const isExpected = (box: ExpectedBox, wanted: ExpectedBox): boolean =>
    box.class === wanted.class &&
    Math.abs(box.score - wanted.score) <= scoreTolerance &&
    edgeDifference(box, wanted) <= edgeTolerance
  // One that is only just above the threshold may come and go with FFmpeg's version.
  const certain = found.filter((box) => box.score > thresholds.score + scoreTolerance)
  return (
    boxes.every((wanted) => found.some((box) => isExpected(box, wanted))) &&
    certain.every((box) => boxes.some((wanted) => isExpected(box, wanted)))
  )
}

/** Each expected object has one of its class and size nearby, and at least one is not where it should be. */
function isDisplaced({ selfTest }: Card, found: readonly ExpectedBox[]): boolean {
  const nearest = selfTest.boxes.map((wanted) =>
    Math.min(
      Infinity,
      ...found
        .filter((box) => box.class === wanted.class)
        .map((box) => edgeDifference(box, wanted)),
    ),
  )
  return (
    nearest.every((difference) => difference <= displacementMax) &&
    nearest.some((difference) => difference > selfTest.edgeTolerance)
  )
}

/** The largest of the four; shares of the picture. */
function edgeDifference(a: ExpectedBox, b: ExpectedBox): number {
  return Math.max(
    Math.abs(a.left - b.left),
    Math.abs(a.top - b.top),
    Math.abs(a.left + a.width - b.left - b.width),
    Math.abs(a.top + a.height - b.top - b.height),
  )
}

function boxesOf(card: Card, values: Float32Array): ExpectedBox[] {
  const boxes: ExpectedBox[] = []
  for (let i = 0; i < values.length; i += candidateValues) {
    const [classIndex = 0, score = 0, left = 0, top = 0, width = 0, height = 0] = values.subarray(i)
    boxes.push({ class: card.classes[classIndex] ?? '?', score, left, top, width, height })
  }
  return boxes
}

function describe(boxes: readonly ExpectedBox[]): string {
  if (boxes.length === 0) return 'nothing'
  if (boxes.length > 10) return `${boxes.length} boxes`
  return boxes
    .map(
      (box) =>
        `${box.class} ${box.score.toFixed(2)} at ${box.left.toFixed(2)},${box.top.toFixed(2)}`,
    )
    .join(', ')
}
