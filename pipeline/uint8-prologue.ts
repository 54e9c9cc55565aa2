import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import type { ModelInput } from '#gpu/model-card.ts'
import { graphInputs } from './graph-inputs.ts'
import { OnnxGraphBuilder } from './onnx-graph-builder.ts'

const { onnx } = onnxProto

/**
 * Puts nodes before the network that turn `pixels`, uint8 [N, h, w, 3] in the card's colour order, into what it
 * was trained on: float, padded to the card's fit, in its layout, scaled. The pads are computed from the picture's
 * shape, so that one file takes every aspect. The cast comes first: TensorRT takes bytes only into a cast.
 * An input `orig_target_sizes` is computed too: the size that the network sees, so that boxes come in its pixels.
 * `batch`: 1 where the file takes one picture a run.
 */
export function addUint8Prologue(
  graph: Onnx.IGraphProto,
  input: ModelInput,
  batch: 1 | 'free',
): void {
  const { image, sizes } = graphInputs(graph)
  const builder = new OnnxGraphBuilder('prologue')
  let last = builder.add('Cast', ['pixels'], castTo(FLOAT))
  if (input.fit !== 'stretch') last = addPad(builder, last, input)
  const padded = last
  if (input.layout === 'nchw')
    last = builder.add('Transpose', [last], {
      name: 'perm',
      type: onnx.AttributeProto.AttributeType.INTS,
      ints: [0, 3, 1, 2],
    })
  last = addNormalisation(builder, last, input)
  if (image.type?.tensorType?.elemType === FLOAT16)
    last = builder.add('Cast', [last], castTo(FLOAT16))
  builder.renameLast(last, image.name ?? '')
  if (sizes !== null) builder.renameLast(addSizes(builder, padded), sizes.name ?? '')
  graph.initializer = [...(graph.initializer ?? []), ...builder.constants]
  graph.node = [...builder.nodes, ...(graph.node ?? [])]
  graph.input = (graph.input ?? [])
    .filter((each) => each !== sizes)
    .map((each) => (each === image ? pixelsInput(input, batch) : each))
}

const { FLOAT, FLOAT16, UINT8 } = onnx.TensorProto.DataType

/** int64 [N, 2]: width and height of NHWC data, once a picture. */
function addSizes(builder: OnnxGraphBuilder, data: string): string {
  const shape = builder.add('Shape', [data])
  const size = builder.add('Gather', [shape, builder.int64([2, 1])])
  const count = builder.add('Slice', [shape, builder.int64([0]), builder.int64([1])])
  const dims = builder.add('Concat', [count, builder.int64([2])], {
    name: 'axis',
    type: onnx.AttributeProto.AttributeType.INT,
    i: 0,
  })
  return builder.add('Expand', [size, dims])
}

/** NHWC: pads are [n, h, w, c before; n, h, w, c after]. */
function addPad(builder: OnnxGraphBuilder, data: string, input: ModelInput): string {
  const shape = builder.add('Shape', [data])
  const sides = builder.add('Slice', [shape, builder.int64([1]), builder.int64([3])])
  const missing = missingSides(builder, sides, input)
  const none = builder.int64([0])
  const concat = { name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 0 }
  const pads =
    input.fit === 'letterbox-topleft'
      ? [builder.int64([0, 0, 0, 0, 0]), missing, none]
      : centredPads(builder, missing)
  return builder.add('Pad', [
    data,
    builder.add('Concat', pads, concat),
    builder.float([input.padValue], []),
  ])
}

/** Rows and columns that the picture lacks. */
function missingSides(builder: OnnxGraphBuilder, sides: string, input: ModelInput): string {
  if (!('longSide' in input.size))
    return builder.add('Sub', [builder.int64([input.size.height, input.size.width]), sides])
  // ONNX Mod of integers takes the divisor's sign: mod(-h, 32) is what lacks to the next multiple.
  return builder.add('Mod', [builder.add('Neg', [sides]), builder.int64([input.stride])])
}

/** Half before (rounded down), the rest after. */
function centredPads(builder: OnnxGraphBuilder, missing: string): string[] {
  const none = builder.int64([0])
  const before = builder.add('Div', [missing, builder.int64([2])])
  const after = builder.add('Sub', [missing, before])
  return [none, before, none, none, after, none]
}

function addNormalisation(builder: OnnxGraphBuilder, data: string, input: ModelInput): string {
  const dims = input.layout === 'nchw' ? [1, 3, 1, 1] : [1, 1, 1, 3]
  const factor = input.std.map((std) => input.scale / std)
  const shift = input.mean.map((mean, i) => -mean / (input.std[i] ?? 1))
  let last = data
  if (factor.some((value) => value !== 1))
    last = builder.add('Mul', [last, builder.float(factor, dims)])
  if (shift.some((value) => value !== 0))
    last = builder.add('Add', [last, builder.float(shift, dims)])
  return last
}

function castTo(type: number): Onnx.IAttributeProto {
  return { name: 'to', type: onnx.AttributeProto.AttributeType.INT, i: type }
}

/** Free but for what the file is fixed to; a letterboxed picture has any size up to that. */
function pixelsInput(input: ModelInput, batch: 1 | 'free'): Onnx.IValueInfoProto {
  const { size } = input
  const isOneSize = input.fit === 'stretch' && !('longSide' in size)
  const sides = isOneSize
    ? [{ dimValue: size.height }, { dimValue: size.width }]
    : [{ dimParam: 'h' }, { dimParam: 'w' }]
  const first = batch === 'free' ? { dimParam: 'N' } : { dimValue: batch }
  return {
    name: 'pixels',
    type: {
      tensorType: { elemType: UINT8, shape: { dim: [first, ...sides, { dimValue: 3 }] } },
    },
  }
}
