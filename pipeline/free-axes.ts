import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { constantsOf } from './graph-constants.ts'
import { readInt64, writeInt64 } from './onnx-tensor.ts'

const { onnx } = onnxProto

/**
 * `all`: the batch, and height and width of the image with the number of anchors that follows from them: what a fully
 * convolutional network takes. `batch`: the batch alone. `none`: the graph stays as it was exported.
 */
export type FreedAxes = 'all' | 'batch' | 'none'

/**
 * Frees axes of a detector that was exported with all of them fixed. The shape is named in one place: Reshapes whose
 * target starts with the batch, 1. That 1 becomes 0, "as in the data" (ONNX operator Reshape, `allowzero` = 0).
 * Whether the graph computes the same then is for whoever calls to try.
 */
export function freeAxes(graph: Onnx.IGraphProto, axes: FreedAxes): void {
  if (axes === 'none') return
  freeReshapes(graph)
  for (const output of graph.output ?? []) freeOutput(output, axes)
  // Shapes of intermediate values were those of the fixed export.
  graph.valueInfo = []
}

function freeReshapes(graph: Onnx.IGraphProto): void {
  const constants = constantsOf(graph)
  for (const node of graph.node ?? []) {
    if (node.opType !== 'Reshape') continue
    const [data = '', target = ''] = node.input ?? []
    if (constants.has(data)) continue
    const shape = constants.get(target)
    if (shape === undefined) continue
    const dims = readInt64(shape)
    if (dims[0] !== 1) continue
    writeInt64(shape, [0, ...dims.slice(1)])
  }
}

/** [1, anchors, values] -> [N, anchors, values], the anchors free, too, where height and width are. */
function freeOutput(output: Onnx.IValueInfoProto, axes: 'all' | 'batch'): void {
  const dims = output.type?.tensorType?.shape?.dim
  if (dims?.length !== 3) return
  dims[0] = onnx.TensorShapeProto.Dimension.create({ dimParam: 'N' })
  if (axes === 'all') dims[1] = onnx.TensorShapeProto.Dimension.create({ dimParam: 'anchors' })
}
