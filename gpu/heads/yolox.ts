import { assert } from '#std/assert.ts'
import type { Candidates } from '../candidates.ts'
import type { Size } from '../letterbox.ts'
import { bestClass } from './best-class.ts'
import { bindOnlyOutput } from './bind-outputs.ts'
import type { Head, HeadOutput } from './head.ts'

/** left-top offsets, log sizes, objectness; the classes follow. */
const boxValues = 5

/**
 * YOLOX, official export without decoding in the network (arXiv:2107.08430, `demo/ONNXRuntime` of its repository):
 * one output [N, anchors, 5 + classes]; the anchors are the cells of one grid a stride, row by row, finest first.
 * centre = (raw + cell) * stride, size = exp(raw) * stride, score = objectness * best class; both already sigmoids.
 */
export function yoloxHead(options: {
  readonly strides: readonly number[]
  readonly classCount: number
  readonly score: number
}): Head {
  const { strides, classCount, score } = options
  const values = boxValues + classCount

  return {
    bind: (outputs) =>
      bindOnlyOutput(outputs, { axis: 2, values, form: `[N, anchors, ${values}]` }),
    decode([output], index, padded, into) {
      const anchors = anchorCount(strides, padded)
      assert(
        output?.dims[1] === anchors && output.dims[2] === values,
        `the output fits ${padded.width}x${padded.height}`,
      )
      let at = index * anchors * values
      for (const stride of strides) {
        const columns = Math.floor(padded.width / stride)
        const rows = Math.floor(padded.height / stride)
        for (let y = 0; y < rows; y++)
          for (let x = 0; x < columns; x++, at += values)
            // Objectness bounds the score from above and is small nearly everywhere; NaN fails, too.
            if ((output.data[at + 4] ?? 0) >= score) addAnchor(output, at, { x, y, stride }, into)
      }
    },
  }

  function addAnchor(
    { data }: HeadOutput,
    at: number,
    cell: { readonly x: number; readonly y: number; readonly stride: number },
    into: Candidates,
  ): void {
    const classIndex = bestClass(data, at + boxValues, classCount)
    const product = (data[at + 4] ?? 0) * (data[at + boxValues + classIndex] ?? 0)
    if (!(product >= score)) return
    const centreX = ((data[at] ?? 0) + cell.x) * cell.stride
    const centreY = ((data[at + 1] ?? 0) + cell.y) * cell.stride
    const width = Math.exp(data[at + 2] ?? 0) * cell.stride
    const height = Math.exp(data[at + 3] ?? 0) * cell.stride
    into.addCentred(classIndex, product, centreX, centreY, width, height)
  }
}

function anchorCount(strides: readonly number[], padded: Size): number {
  let count = 0
  for (const stride of strides)
    count += Math.floor(padded.width / stride) * Math.floor(padded.height / stride)
  return count
}
