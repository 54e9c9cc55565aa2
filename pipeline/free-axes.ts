import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { readInt64, writeInt64 } from './onnx-tensor.ts'
import { PrepareError } from './prepare-error.ts'

const { onnx } = onnxProto

/**
 * Frees the batch axis, and height and width of the image, of a detector that was exported with all of them fixed.
 * Fully convolutional detectors depend on the shape in one place: Reshapes whose target starts with the batch, 1.
 * That 1 becomes 0, "as in the data" (ONNX operator Reshape, `allowzero` = 0).
 */
export function freeAxes(graph: Onnx.IGraphProto): void {
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
  for (const output of graph.output ?? []) freeOutput(output)
  // Shapes of intermediate values were those of the fixed export.
  graph.valueInfo = []
}

/** The one graph input that is no weight (files of IR version 3 list the weights as inputs, too). */
export function imageInputOf(graph: Onnx.IGraphProto): Onnx.IValueInfoProto {
  const weights = new Set((graph.initializer ?? []).map((tensor) => tensor.name))
  const inputs = (graph.input ?? []).filter((input) => !weights.has(input.name))
  const [image] = inputs
  if (image === undefined || inputs.length !== 1)
    throw new PrepareError('model_unknown', `expected one image input, found ${inputs.length}`)
  return image
}

function constantsOf(graph: Onnx.IGraphProto): Map<string, Onnx.ITensorProto> {
  const constants = new Map<string, Onnx.ITensorProto>()
  for (const tensor of graph.initializer ?? []) constants.set(tensor.name ?? '', tensor)
  for (const node of graph.node ?? []) {
    const value = node.attribute?.find((attribute) => attribute.name === 'value')?.t
    if (node.opType === 'Constant' && value) constants.set(node.output?.[0] ?? '', value)
  }
  return constants
}

/** [1, anchors, values] -> [N, anchors, values] with free N and anchors. */
function freeOutput(output: Onnx.IValueInfoProto): void {
  const dims = output.type?.tensorType?.shape?.dim
  if (dims?.length !== 3) return
  dims[0] = onnx.TensorShapeProto.Dimension.create({ dimParam: 'N' })
  dims[1] = onnx.TensorShapeProto.Dimension.create({ dimParam: 'anchors' })
}
