import onnxProto from 'onnx-proto'
import { int64Tensor } from './onnx-tensor.ts'

const { onnx } = onnxProto

/**
 * For tests: ONNX bytes of a network in the form of a fixed detector export: `images` float [1, 3, 32, 32] in, one
 * Reshape to [1, 3, -1] and a Transpose to [1, 1024, 3] out. What goes in comes out, as `anchors`.
 */
export function tinyDetector(): Uint8Array {
  const { AttributeType } = onnx.AttributeProto
  const { DataType } = onnx.TensorProto
  const value = (name: string, dims: readonly number[]) => ({
    name,
    type: {
      tensorType: {
        elemType: DataType.FLOAT,
        shape: { dim: dims.map((dimValue) => ({ dimValue })) },
      },
    },
  })
  return onnx.ModelProto.encode({
    irVersion: 6,
    opsetImport: [{ domain: '', version: 11 }],
    metadataProps: [{ key: 'copied-by', value: 'somebody' }],
    graph: {
      name: 'tiny',
      input: [value('images', [1, 3, 32, 32])],
      output: [value('output', [1, 1024, 3])],
      valueInfo: [value('flat', [1, 3, 1024])],
      initializer: [int64Tensor('target', [1, 3, -1])],
      node: [
        { opType: 'Reshape', name: 'r', input: ['images', 'target'], output: ['flat'] },
        {
          opType: 'Transpose',
          name: 't',
          input: ['flat'],
          output: ['output'],
          attribute: [{ name: 'perm', type: AttributeType.INTS, ints: [0, 2, 1] }],
        },
      ],
    },
  }).finish()
}
