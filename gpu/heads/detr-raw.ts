import { assert } from '#std/assert.ts'
import type { Candidates } from '../candidates.ts'
import type { Size } from '../letterbox.ts'
import { bindNamedOutputs, refused } from './bind-outputs.ts'
import type { Head, HeadOutput } from './head.ts'

/**
 * DETRs without post-processing in the file (RT-DETR and D-FINE as Hugging Face exports them, RF-DETR): logits
 * [N, queries, classes], one sigmoid a class, and boxes [N, queries, 4]: centre x, centre y, width, height as shares of
 * what the network saw. Found by name, never by order: RF-DETR calls its boxes `dets` and its logits `labels`. A query
 * becomes at most one box, of its best class.
 */
export function detrRawHead(options: {
  readonly outputs: { readonly logits: string; readonly boxes: string }
  /** Which logit is each class's; null: 0, 1, 2 .. */
  readonly classIds: readonly number[] | null
  readonly classCount: number
  readonly score: number
}): Head {
  const { outputs: names, classCount, score } = options
  const ids = options.classIds ?? Array.from({ length: classCount }, (_, index) => index)
  const logitsMin = 1 + Math.max(...ids)
  /** sigmoid(logit) >= score, without an exponential a logit. */
  const logitMin = Math.log(score / (1 - score))

  return {
    bind(outputs) {
      const binding = bindNamedOutputs(outputs, [
        { name: names.logits },
        { name: names.boxes, values: 4 },
      ])
      const logits = outputs.find(({ name }) => name === names.logits)?.dims.at(-1)
      if (binding.kind === 'refused' || logits === undefined || logits === null) return binding
      const isRight = options.classIds === null ? logits === classCount : logits >= logitsMin
      if (isRight) return binding
      return refused(
        `its output “${names.logits}” has ${logits} logits a query, not ${options.classIds === null ? classCount : `at least ${logitsMin}`}`,
      )
    },
    decode([logits, boxes], index, padded, into) {
      assert(logits && boxes, 'two outputs')
      const [queries = 0, width = 0] = logits.dims.slice(1)
      assert(width >= logitsMin && boxes.dims[1] === queries, 'a box and the logits of each query')
      for (let query = index * queries; query < (index + 1) * queries; query++) {
        const classIndex = bestOf(logits.data, query * width)
        const logit = logits.data[query * width + (ids[classIndex] ?? 0)] ?? 0
        if (logit >= logitMin)
          addQuery(boxes, query * 4, { classIndex, score: sigmoid(logit), padded }, into)
      }
    },
  }

  function bestOf(data: Float32Array, from: number): number {
    let best = 0
    let bestLogit = -Infinity
    for (let i = 0; i < ids.length; i++) {
      const logit = data[from + (ids[i] ?? 0)] ?? 0
      if (!(logit > bestLogit)) continue
      best = i
      bestLogit = logit
    }
    return best
  }
}

function addQuery(
  { data }: HeadOutput,
  at: number,
  found: { readonly classIndex: number; readonly score: number; readonly padded: Size },
  into: Candidates,
): void {
  const { width, height } = found.padded
  into.addCentred(
    found.classIndex,
    found.score,
    (data[at] ?? NaN) * width,
    (data[at + 1] ?? NaN) * height,
    (data[at + 2] ?? NaN) * width,
    (data[at + 3] ?? NaN) * height,
  )
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}
