import onnxProto from 'onnx-proto'
import { floatTensor } from './onnx-tensor.ts'
import { PrepareError } from './prepare-error.ts'

const { onnx } = onnxProto

/** The same file, but each number that leaves it is none: what a broken network, or a broken device, answers. */
export function withNanOutputs(bytes: Uint8Array): Uint8Array {
  const model = onnx.ModelProto.decode(bytes)
  const { graph } = model
  if (!graph) throw new PrepareError('model_unknown', 'the ONNX file holds no graph')
  const nodes = graph.node ?? []
  const name = 'verify/nan'
  graph.initializer = [...(graph.initializer ?? []), floatTensor(name, [NaN], [])]
  for (const output of graph.output ?? []) {
    const before = `${output.name}/before`
    for (const node of nodes)
      node.output = (node.output ?? []).map((each) => (each === output.name ? before : each))
    for (const node of nodes)
      node.input = (node.input ?? []).map((each) => (each === output.name ? before : each))
    nodes.push({ opType: 'Mul', name: before, input: [before, name], output: [output.name ?? ''] })
  }
  graph.node = nodes
  return onnx.ModelProto.encode(model).finish()
}
