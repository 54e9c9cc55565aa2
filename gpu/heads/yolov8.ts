import { assert } from '#std/assert.ts'
import type { Candidates } from '../candidates.ts'
import { bindOnlyOutput } from './bind-outputs.ts'
import type { Head } from './head.ts'

/** Centre x and y, width, height; the classes follow. */
const boxValues = 4

/**
 * The form of YOLOv8, 9, 11 and 12 as their trainers export them: one output [N, 4 + classes, anchors], boxes in
 * pixels of what the network saw, scores already sigmoids, no objectness. One row a value, so that the scores of one
 * class lie side by side: classes outside, anchors inside, 705,600 numbers at 80 classes and 8,400 anchors.
 */
export function yolov8Head(options: { readonly classCount: number; readonly score: number }): Head {
  const { classCount, score } = options
  const values = boxValues + classCount
  let best = new Float32Array()
  let bestClasses = new Uint16Array()

  return {
    bind: (outputs) =>
      bindOnlyOutput(outputs, { axis: 1, values, form: `[N, ${values}, anchors]` }),
    decode([output], index, _padded, into) {
      const anchors = output?.dims[2] ?? 0
      assert(output?.dims[1] === values, `the output has ${values} values an anchor`)
      const from = index * values * anchors
      findBest(output.data, from + boxValues * anchors, anchors)
      for (let anchor = 0; anchor < anchors; anchor++)
        if ((best[anchor] ?? 0) > 0) addAnchor(output.data, from + anchor, anchor, into)
    },
  }

  /** The best score of each anchor that reaches the threshold, and its class; the first of equals. */
  function findBest(data: Float32Array, from: number, anchors: number): void {
    if (best.length !== anchors) {
      best = new Float32Array(anchors)
      bestClasses = new Uint16Array(anchors)
    }
    best.fill(0)
    for (let classIndex = 0; classIndex < classCount; classIndex++) {
      const row = from + classIndex * anchors
      for (let anchor = 0; anchor < anchors; anchor++) {
        const value = data[row + anchor] ?? 0
        // Nearly always false at once; NaN fails, too.
        if (!(value >= score) || value <= (best[anchor] ?? 0)) continue
        best[anchor] = value
        bestClasses[anchor] = classIndex
      }
    }
  }

  function addAnchor(data: Float32Array, at: number, anchor: number, into: Candidates): void {
    const anchors = best.length
    into.addCentred(
      bestClasses[anchor] ?? 0,
      best[anchor] ?? 0,
      data[at] ?? NaN,
      data[at + anchors] ?? NaN,
      data[at + 2 * anchors] ?? NaN,
      data[at + 3 * anchors] ?? NaN,
    )
  }
}
