import onnxProto, { type onnx as Onnx } from 'onnx-proto'

const { onnx } = onnxProto

/** Element types that cameras, heads and engines use, in the words of onnxruntime's JavaScript. */
const elementTypes = {
  float32: onnx.TensorProto.DataType.FLOAT,
  uint8: onnx.TensorProto.DataType.UINT8,
  int8: onnx.TensorProto.DataType.INT8,
  int32: onnx.TensorProto.DataType.INT32,
  int64: onnx.TensorProto.DataType.INT64,
  bool: onnx.TensorProto.DataType.BOOL,
  float16: onnx.TensorProto.DataType.FLOAT16,
} as const
export type ElementType = keyof typeof elementTypes

/** An input or output of a network. */
export interface TensorInfo {
  readonly name: string
  readonly elementType: ElementType
  /** A number, or the name of a free axis. */
  readonly shape: readonly (number | string)[]
}

export function valueInfoOf(tensor: TensorInfo): Onnx.IValueInfoProto {
  const dim = tensor.shape.map((each) =>
    typeof each === 'number' ? { dimValue: each } : { dimParam: each },
  )
  const elemType = elementTypes[tensor.elementType]
  return { name: tensor.name, type: { tensorType: { elemType, shape: { dim } } } }
}

/** null: no tensor, one without a shape, or one of a type that is not used here. */
export function tensorInfoOf({ name, type }: Onnx.IValueInfoProto): TensorInfo | null {
  const { elemType, shape } = type?.tensorType ?? {}
  const elementType = typeNames.get(elemType ?? -1)
  if (!name || elementType === undefined || !shape) return null
  const sides = (shape.dim ?? []).map(({ dimParam, dimValue }, axis) => {
    // An axis without a size and without a name is as free as one with a name.
    if (dimParam) return dimParam
    return dimValue === null || dimValue === undefined ? `${name}_${axis}` : Number(dimValue)
  })
  return { name, elementType, shape: sides }
}

const typeNames: ReadonlyMap<number, ElementType> = new Map([
  [onnx.TensorProto.DataType.FLOAT, 'float32'],
  [onnx.TensorProto.DataType.UINT8, 'uint8'],
  [onnx.TensorProto.DataType.INT8, 'int8'],
  [onnx.TensorProto.DataType.INT32, 'int32'],
  [onnx.TensorProto.DataType.INT64, 'int64'],
  [onnx.TensorProto.DataType.BOOL, 'bool'],
  [onnx.TensorProto.DataType.FLOAT16, 'float16'],
])
