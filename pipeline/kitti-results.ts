import { invalidLine } from '#datasets/dataset-error.ts'
import { parseDecimal } from '#datasets/decimal.ts'
import { kittiTypes } from '#datasets/kitti-label.ts'
import type { KittiDetection } from './kitti-rules.ts'

/** The fields of a label, and the score. */
const fieldCount = 16

/**
 * A results file of the KITTI object benchmark: lines of type, truncated, occluded, alpha, the box, seven numbers
 * of the space, score; of these only type, box and score count here. Throws StageError `input_invalid`.
 */
export function parseKittiResults(text: string, file: string): readonly KittiDetection[] {
  const detections: KittiDetection[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const fields = line.trim().split(/[ \t]+/)
    const refuse = (sentence: string): Error => invalidLine(file, index + 1, sentence)
    if (fields.length !== fieldCount)
      throw refuse(`${fields.length} fields instead of ${fieldCount}; the last one is the score`)
    const type = kittiTypes.find((each) => each === fields[0])
    if (type === undefined) throw refuse(`unknown type “${fields[0]}”`)
    const [left, top, right, bottom, score] = [4, 5, 6, 7, 15].map((at) => {
      const value = parseDecimal(fields[at] ?? '')
      if (value === null) throw refuse(`field ${at + 1}, “${fields[at]}”, is not a number`)
      return value
    })
    const box = { left: left ?? 0, top: top ?? 0, right: right ?? 0, bottom: bottom ?? 0 }
    if (box.right < box.left || box.bottom < box.top)
      throw refuse('the box has its edges the wrong way round')
    detections.push({ type, box, score: score ?? 0 })
  }
  return detections
}
