import { assert } from '#std/assert.ts'
import { bindOnlyOutput } from './bind-outputs.ts'
import type { Head } from './head.ts'

/** left, top, right, bottom, score, class. */
const values = 6

/**
 * Networks that suppress by themselves (YOLOv10, YOLO26, and YOLOv8 to 12 exported with `nms`): one output
 * [N, boxes, 6] in pixels of what the network saw; rows without an object have a score of about 0.
 */
export function endToEndHead(options: {
  readonly classCount: number
  readonly score: number
}): Head {
  const { classCount, score } = options
  return {
    bind: (outputs) => bindOnlyOutput(outputs, { axis: 2, values, form: '[N, boxes, 6]' }),
    decode([output], index, _padded, into) {
      assert(output?.dims[2] === values, 'a box is six values')
      const { data } = output
      const boxes = output.dims[1] ?? 0
      for (let box = 0; box < boxes; box++) {
        const at = (index * boxes + box) * values
        const boxScore = data[at + 4] ?? 0
        if (!(boxScore >= score)) continue
        const classIndex = Math.round(data[at + 5] ?? -1)
        if (classIndex >= 0 && classIndex < classCount)
          into.addCorners(classIndex, boxScore, data, at)
      }
    },
  }
}
