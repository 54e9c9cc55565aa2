import { assert } from '#std/assert.ts'
import { bindNamedOutputs } from './bind-outputs.ts'
import type { Head } from './head.ts'

/**
 * DETRs whose file holds their post-processing (RT-DETR, D-FINE, DEIM, official exports): class numbers [N, queries],
 * corners [N, queries, 4] in the size that the input `orig_target_sizes` names, scores [N, queries]; the prepared file
 * names the size that the network sees. Found by name. Some exports squeeze a batch of one away: [queries].
 */
export function detrHead(options: {
  readonly outputs: { readonly labels: string; readonly boxes: string; readonly scores: string }
  /** Number that the network gives each class; null: 0, 1, 2 .. */
  readonly classIds: readonly number[] | null
  readonly classCount: number
  readonly score: number
}): Head {
  const { outputs: names, classCount, score } = options
  const ids = options.classIds ?? Array.from({ length: classCount }, (_, index) => index)
  const classOfId = new Map(ids.map((id, index) => [id, index]))
  return {
    bind: (outputs) =>
      bindNamedOutputs(outputs, [
        { name: names.labels },
        { name: names.boxes, values: 4 },
        { name: names.scores },
      ]),
    decode([labels, boxes, scores], index, _padded, into) {
      assert(labels && boxes && scores, 'three outputs')
      assert(scores.dims.length > 1 || index === 0, 'an output without a batch is of one picture')
      const queries = scores.dims.at(-1) ?? 0
      assert(boxes.dims.at(-2) === queries, 'a box for each score')
      for (let at = index * queries; at < (index + 1) * queries; at++) {
        const queryScore = scores.data[at] ?? 0
        if (!(queryScore >= score)) continue
        const classIndex = classOfId.get(Math.round(labels.data[at] ?? -1))
        if (classIndex === undefined) continue
        into.addCorners(classIndex, queryScore, boxes.data, at * 4)
      }
    },
  }
}
