import type { onnx as Onnx } from 'onnx-proto'

/** What is known before the graph runs, by name: initializers and the outputs of Constant nodes. */
export function constantsOf(graph: Onnx.IGraphProto): Map<string, Onnx.ITensorProto> {
  const constants = new Map<string, Onnx.ITensorProto>()
  for (const tensor of graph.initializer ?? []) constants.set(tensor.name ?? '', tensor)
  for (const node of graph.node ?? []) {
    const value = node.attribute?.find((attribute) => attribute.name === 'value')?.t
    if (node.opType === 'Constant' && value) constants.set(node.output?.[0] ?? '', value)
  }
  return constants
}
