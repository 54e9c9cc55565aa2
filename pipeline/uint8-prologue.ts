import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import type { ModelInput } from '#gpu/model-card.ts'
import { imageInputOf } from './free-axes.ts'
import { floatTensor, int64Tensor } from './onnx-tensor.ts'

const { onnx } = onnxProto

/**
 * Puts nodes before the network that turn `pixels`, uint8 [N, h, w, 3] in the card's colour order, into what it
 * was trained on: float, padded to the card's fit, in its layout, scaled. The pads are computed from the picture's
 * shape, so that one file takes every aspect. The cast comes first: TensorRT takes bytes only into a cast.
 */
export function addUint8Prologue(graph: Onnx.IGraphProto, input: ModelInput): void {
  const image = imageInputOf(graph)
  const builder = new PrologueBuilder()
  let last = builder.add('Cast', ['pixels'], {
    name: 'to',
    type: onnx.AttributeProto.AttributeType.INT,
    i: onnx.TensorProto.DataType.FLOAT,
  })
  if (input.fit !== 'stretch') last = addPad(builder, last, input)
  if (input.layout === 'nchw')
    last = builder.add('Transpose', [last], {
      name: 'perm',
      type: onnx.AttributeProto.AttributeType.INTS,
      ints: [0, 3, 1, 2],
    })
  last = addNormalisation(builder, last, input)
  builder.renameLast(last, image.name ?? '')
  graph.initializer = [...(graph.initializer ?? []), ...builder.constants]
  graph.node = [...builder.nodes, ...(graph.node ?? [])]
  graph.input = (graph.input ?? []).map((each) => (each === image ? pixelsInput() : each))
}

class PrologueBuilder {
  readonly nodes: Onnx.INodeProto[] = []
  readonly constants: Onnx.ITensorProto[] = []

  add(opType: string, inputs: readonly string[], attribute?: Onnx.IAttributeProto): string {
    const output = `prologue/${this.nodes.length}`
    this.nodes.push({
      opType,
      name: `${output}/${opType}`,
      input: [...inputs],
      output: [output],
      attribute: attribute === undefined ? [] : [attribute],
    })
    return output
  }

  int64(values: readonly number[]): string {
    const name = `prologue/c${this.constants.length}`
    this.constants.push(int64Tensor(name, values))
    return name
  }

  float(values: readonly number[], dims: readonly number[]): string {
    const name = `prologue/c${this.constants.length}`
    this.constants.push(floatTensor(name, values, dims))
    return name
  }

  renameLast(output: string, to: string): void {
    for (const node of this.nodes)
      if (node.output?.[0] === output) {
        node.output = [to]
        return
      }
  }
}

/** NHWC: pads are [n, h, w, c before; n, h, w, c after]. */
function addPad(builder: PrologueBuilder, data: string, input: ModelInput): string {
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
function missingSides(builder: PrologueBuilder, sides: string, input: ModelInput): string {
  if (!('longSide' in input.size))
    return builder.add('Sub', [builder.int64([input.size.height, input.size.width]), sides])
  // ONNX Mod of integers takes the divisor's sign: mod(-h, 32) is what lacks to the next multiple.
  return builder.add('Mod', [builder.add('Neg', [sides]), builder.int64([input.stride])])
}

/** Half before (rounded down), the rest after. */
function centredPads(builder: PrologueBuilder, missing: string): string[] {
  const none = builder.int64([0])
  const before = builder.add('Div', [missing, builder.int64([2])])
  const after = builder.add('Sub', [missing, before])
  return [none, before, none, none, after, none]
}

function addNormalisation(builder: PrologueBuilder, data: string, input: ModelInput): string {
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

function pixelsInput(): Onnx.IValueInfoProto {
  const dim = ['N', 'h', 'w'].map((dimParam) => ({ dimParam }))
  return {
    name: 'pixels',
    type: {
      tensorType: {
        elemType: onnx.TensorProto.DataType.UINT8,
        shape: { dim: [...dim, { dimValue: 3 }] },
      },
    },
  }
}
