import type { DetectedObject } from './messages.ts'

/** A box as the model's post-processing gives it: shares of the picture, clipped to it. */
export interface FoundBox {
  readonly classIndex: number
  readonly score: number
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** `classes`: of the model that found it. */
export function detectedObject(found: FoundBox, classes: readonly string[]): DetectedObject {
  return {
    trackId: null,
    class: found.classIndex,
    label: classes[found.classIndex] ?? String(found.classIndex),
    score: thousandths(found.score),
    box: [ten4(found.left), ten4(found.top), ten4(found.width), ten4(found.height)],
  }
}

// Digits beyond what is measured only lengthen messages: 0.001 of score, a tenth of a pixel at 1,000 pixels.
const thousandths = (value: number): number => Math.round(value * 1000) / 1000
const ten4 = (value: number): number => Math.round(value * 10_000) / 10_000
