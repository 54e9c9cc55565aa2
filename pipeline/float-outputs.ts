import onnxProto, { type onnx as Onnx } from 'onnx-proto'

const { onnx } = onnxProto
const { FLOAT } = onnx.TensorProto.DataType

/**
 * Casts every output that is not float32 (class numbers as int64, half-precision scores) into one of the same name, so
 * that the heads read one type. Class numbers are exact up to 2^24.
 */
export function addFloatOutputs(graph: Onnx.IGraphProto): void {
  const nodes = graph.node ?? []
  for (const output of graph.output ?? []) {
    const tensor = output.type?.tensorType
    const name = output.name ?? ''
    if (!tensor || tensor.elemType === FLOAT) continue
    tensor.elemType = FLOAT
    const inner = `epilogue/${name}`
    for (const node of nodes) {
      node.output = (node.output ?? []).map((each) => (each === name ? inner : each))
      node.input = (node.input ?? []).map((each) => (each === name ? inner : each))
    }
    nodes.push({
      opType: 'Cast',
      name: `${inner}/Cast`,
      input: [inner],
      output: [name],
      attribute: [{ name: 'to', type: onnx.AttributeProto.AttributeType.INT, i: FLOAT }],
    })
  }
  graph.node = nodes
}
