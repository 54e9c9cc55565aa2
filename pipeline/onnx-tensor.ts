import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { assert } from '#std/assert.ts'

const { onnx } = onnxProto

/** A one-dimensional int64 constant. */
export function int64Tensor(name: string, values: readonly number[]): Onnx.ITensorProto {
  return {
    name,
    dims: [values.length],
    dataType: onnx.TensorProto.DataType.INT64,
    rawData: int64Bytes(values),
  }
}

/** A float32 constant; no dims = a scalar. */
export function floatTensor(
  name: string,
  values: ArrayLike<number>,
  dims: readonly number[],
): Onnx.ITensorProto {
  const rawData = new Uint8Array(values.length * 4)
  const view = new DataView(rawData.buffer)
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i] ?? 0, true)
  return { name, dims: [...dims], dataType: onnx.TensorProto.DataType.FLOAT, rawData }
}

/** Values of a float32 constant in either of its two encodings. */
export function readFloats(tensor: Onnx.ITensorProto): Float32Array {
  assert(tensor.dataType === onnx.TensorProto.DataType.FLOAT, 'a float32 tensor')
  if (tensor.floatData && tensor.floatData.length > 0) return Float32Array.from(tensor.floatData)
  const bytes = tensor.rawData ?? new Uint8Array()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getFloat32(i * 4, true))
}

/** Values of an int64 constant in either of its two encodings. */
export function readInt64(tensor: Onnx.ITensorProto): number[] {
  assert(tensor.dataType === onnx.TensorProto.DataType.INT64, 'an int64 tensor')
  if (tensor.int64Data && tensor.int64Data.length > 0) return tensor.int64Data.map(Number)
  const bytes = tensor.rawData ?? new Uint8Array()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.byteLength / 8 }, (_, i) =>
    Number(view.getBigInt64(i * 8, true)),
  )
}

export function writeInt64(tensor: Onnx.ITensorProto, values: readonly number[]): void {
  tensor.int64Data = []
  tensor.rawData = int64Bytes(values)
}

function int64Bytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of values.entries()) view.setBigInt64(i * 8, BigInt(value), true)
  return bytes
}
