import { assert } from '#std/assert.ts'
import type { Candidates } from '../candidates.ts'
import type { Size } from '../letterbox.ts'
import { bestClass } from './best-class.ts'
import { bindNamedOutputs } from './bind-outputs.ts'
import type { Head, HeadOutput } from './head.ts'

export interface NanodetLevel {
  /** Pixels a cell. */
  readonly stride: number
  /** Name of the output [N, cells, classes]: sigmoids. */
  readonly scores: string
  /** Name of the output [N, cells, 4 * bins]. */
  readonly distances: string
}

/**
 * NanoDet (RangiLyu/nanodet, 0.x): two outputs a stride. For each cell and each side (left, top, right, bottom) the
 * network gives logits over the distances 0, 1 .. bins - 1; the distance is their expectation under the softmax
 * (generalised focal loss, arXiv:2006.04388), times the stride, from the cell's centre.
 */
export function nanodetHead(options: {
  readonly levels: readonly NanodetLevel[]
  /** Where in a cell its centre is taken to be: 0.5 the middle (NanoDet), 0 its corner (NanoDet-Plus). */
  readonly cellCentre: number
  readonly classCount: number
  readonly score: number
}): Head {
  const { levels, cellCentre, classCount, score } = options
  return {
    bind: (outputs) =>
      bindNamedOutputs(
        outputs,
        levels.flatMap((level) => [
          { name: level.scores, values: classCount },
          { name: level.distances },
        ]),
      ),
    decode(outputs, index, padded, into) {
      for (const [i, { stride }] of levels.entries()) {
        const scores = outputs[i * 2]
        const distances = outputs[i * 2 + 1]
        assert(scores && distances, 'two outputs a stride')
        decodeLevel({ scores, distances, stride }, index, padded, into)
      }
    },
  }

  function decodeLevel(
    level: { readonly scores: HeadOutput; readonly distances: HeadOutput; readonly stride: number },
    index: number,
    padded: Size,
    into: Candidates,
  ): void {
    const { scores, distances, stride } = level
    const columns = Math.ceil(padded.width / stride)
    const cells = columns * Math.ceil(padded.height / stride)
    assert(
      scores.dims[1] === cells && distances.dims[1] === cells && scores.dims[2] === classCount,
      `the outputs of stride ${stride} fit ${padded.width}x${padded.height}`,
    )
    const bins = (distances.dims[2] ?? 0) / 4
    for (let cell = 0; cell < cells; cell++) {
      const row = index * cells + cell
      const classIndex = bestClass(scores.data, row * classCount, classCount)
      const cellScore = scores.data[row * classCount + classIndex] ?? 0
      if (!(cellScore >= score)) continue
      const x = ((cell % columns) + cellCentre) * stride
      const y = (Math.floor(cell / columns) + cellCentre) * stride
      const side = (which: number): number =>
        stride * expectation(distances.data, (row * 4 + which) * bins, bins)
      into.add(classIndex, cellScore, x - side(0), y - side(1), x + side(2), y + side(3))
    }
  }
}

/** Of the bins' numbers under the softmax of their logits. */
function expectation(data: Float32Array, from: number, bins: number): number {
  let largest = -Infinity
  for (let bin = 0; bin < bins; bin++) largest = Math.max(largest, data[from + bin] ?? 0)
  let sum = 0
  let weighted = 0
  for (let bin = 0; bin < bins; bin++) {
    const weight = Math.exp((data[from + bin] ?? 0) - largest)
    sum += weight
    weighted += weight * bin
  }
  return weighted / sum
}
