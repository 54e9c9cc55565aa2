import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { floatTensor, int64Tensor } from './onnx-tensor.ts'

const { onnx } = onnxProto
const { FLOAT, FLOAT16, INT64 } = onnx.TensorProto.DataType
const { INT, INTS } = onnx.AttributeProto.AttributeType

/**
 * For tests: a DETR of one query in the form of its authors' export. `labels` int64 [N, 1]: 1; `boxes` [N, 1, 4]: the
 * middle half of the size that `orig_target_sizes` names; `scores` [N, 1]: the mean of the image.
 */
export function tinyDetr(): Uint8Array {
  return encode({
    input: [value('images', FLOAT, ['N', 3, 32, 64]), value('orig_target_sizes', INT64, ['N', 2])],
    output: [
      value('labels', INT64, ['N', 1]),
      value('boxes', FLOAT, ['N', 1, 4]),
      value('scores', FLOAT, ['N', 1]),
    ],
    initializer: [
      int64Tensor('one score', [-1, 1]),
      int64Tensor('one box', [-1, 1, 4]),
      floatTensor('middle', [0.25, 0.25, 0.75, 0.75], [4]),
      floatTensor('zero', [0], [1]),
      floatTensor('one', [1], [1]),
    ],
    node: [
      mean('images', 'mean'),
      node('Reshape', ['mean', 'one score'], 'scores'),
      node('Cast', ['orig_target_sizes'], 'sizes', { name: 'to', type: INT, i: FLOAT }),
      node('Concat', ['sizes', 'sizes'], 'corners', { name: 'axis', type: INT, i: 1 }),
      node('Mul', ['corners', 'middle'], 'box'),
      node('Reshape', ['box', 'one box'], 'boxes'),
      node('Mul', ['scores', 'zero'], 'zeros'),
      node('Add', ['zeros', 'one'], 'ones'),
      node('Cast', ['ones'], 'labels', { name: 'to', type: INT, i: INT64 }),
    ],
  })
}

/**
 * For tests: an end-to-end detector in half precision, fixed in everything: one box from 8 to 24 of class 0, its score
 * the mean of the image [1, 3, 32, 32].
 */
export function tinyHalf(): Uint8Array {
  return encode({
    input: [value('images', FLOAT16, [1, 3, 32, 32])],
    output: [value('output0', FLOAT16, [1, 1, 6])],
    initializer: [
      int64Tensor('one score', [1, 1, 1]),
      floatTensor('corners', [8, 8, 24, 24], [1, 1, 4]),
      floatTensor('class', [0], [1, 1, 1]),
    ],
    node: [
      node('Cast', ['images'], 'floats', { name: 'to', type: INT, i: FLOAT }),
      mean('floats', 'mean'),
      node('Reshape', ['mean', 'one score'], 'score'),
      node('Concat', ['corners', 'score', 'class'], 'row', { name: 'axis', type: INT, i: 2 }),
      node('Cast', ['row'], 'output0', { name: 'to', type: INT, i: FLOAT16 }),
    ],
  })
}

function mean(input: string, output: string): Onnx.INodeProto {
  return node('ReduceMean', [input], output, { name: 'axes', type: INTS, ints: [1, 2, 3] })
}

function node(
  opType: string,
  input: string[],
  output: string,
  attribute?: Onnx.IAttributeProto,
): Onnx.INodeProto {
  const attributes = attribute === undefined ? [] : [attribute]
  return { opType, name: output, input, output: [output], attribute: attributes }
}

function value(name: string, elemType: number, dims: readonly (number | string)[]) {
  const dim = dims.map((each) =>
    typeof each === 'string' ? { dimParam: each } : { dimValue: each },
  )
  return { name, type: { tensorType: { elemType, shape: { dim } } } }
}

function encode(graph: Onnx.IGraphProto): Uint8Array {
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: { name: 'tiny', ...graph },
  }).finish()
}
