import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import { assert } from '#std/assert.ts'

const { onnx } = onnxProto

const { DataType } = onnx.TensorProto

/** Element types that cameras, heads and engines use, in the words of onnxruntime's JavaScript. */
const elementTypes = [
  ['float32', DataType.FLOAT],
  ['uint8', DataType.UINT8],
  ['int8', DataType.INT8],
  ['int32', DataType.INT32],
  ['int64', DataType.INT64],
  ['bool', DataType.BOOL],
  ['float16', DataType.FLOAT16],
] as const
export type ElementType = (typeof elementTypes)[number][0]

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
  const elemType = elementTypes.find(([name]) => name === tensor.elementType)?.[1]
  assert(elemType !== undefined, 'every element type has a number')
  return { name: tensor.name, type: { tensorType: { elemType, shape: { dim } } } }
}

/** null: no tensor, one without a shape, or one of a type that is not used here. */
export function tensorInfoOf({ name, type }: Onnx.IValueInfoProto): TensorInfo | null {
  const { elemType, shape } = type?.tensorType ?? {}
  const elementType = elementTypes.find(([, number]) => number === elemType)?.[0]
  if (!name || elementType === undefined || !shape) return null
  const sides = (shape.dim ?? []).map(({ dimParam, dimValue }, axis) => {
    // An axis without a size and without a name is as free as one with a name.
    if (dimParam) return dimParam
    return dimValue === null || dimValue === undefined ? `${name}_${axis}` : Number(dimValue)
  })
  return { name, elementType, shape: sides }
}
