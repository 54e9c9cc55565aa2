import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import type { OnnxGraphBuilder } from './onnx-graph-builder.ts'
import { PrepareError } from './prepare-error.ts'
import type { TfjsModel, TfjsNode, TfjsWeight } from './tfjs-model.ts'

const { INTS, INT, STRING } = onnxProto.onnx.AttributeProto.AttributeType

/** Layers of a TensorFlow.js graph as ONNX nodes, NHWC turned into NCHW; each is made once. */
export class TfjsLayers {
  readonly #model: TfjsModel
  readonly #builder: OnnxGraphBuilder
  readonly #made = new Map<string, string>()

  /** `given`: layers that are made already, by name: where the walk ends. */
  constructor(
    model: TfjsModel,
    builder: OnnxGraphBuilder,
    given: Readonly<Record<string, string>>,
  ) {
    this.#model = model
    this.#builder = builder
    for (const [layer, tensor] of Object.entries(given)) this.#made.set(layer, tensor)
  }

  /** The tensor of a layer, with all that it needs. Throws PrepareError `archive_invalid` for what it cannot make. */
  tensor(layer: string): string {
    const name = layer.replace(/:0$/, '')
    const made = this.#made.get(name) ?? this.#make(this.#node(name))
    this.#made.set(name, made)
    return made
  }

  #make(node: TfjsNode): string {
    const [first = '', second = ''] = node.input
    const builder = this.#builder
    switch (node.op) {
      case 'Conv2D':
        return this.#convolution(node, 'full')
      case 'DepthwiseConv2dNative':
        return this.#convolution(node, 'depthwise')
      case 'BiasAdd':
        return builder.add('Add', [this.tensor(first), this.#channels(second)])
      case 'Add':
      case 'Mul':
        return builder.add(
          node.op,
          node.input.map((input) => this.#operand(input)),
        )
      case 'AddN':
        return builder.add(
          'Sum',
          node.input.map((input) => this.#operand(input)),
        )
      case 'Relu6':
        return builder.add('Clip', [
          this.tensor(first),
          builder.float([0], []),
          builder.float([6], []),
        ])
      case 'FusedBatchNorm':
        return this.#batchNorm(node)
      default:
        throw unknown(`the layer ${node.name} is of the kind ${node.op}`)
    }
  }

  #convolution(node: TfjsNode, kind: 'full' | 'depthwise'): string {
    const [input = '', name = ''] = node.input
    const { dims, data, groups } = turned(this.#weight(name), kind)
    return this.#builder.add(
      'Conv',
      [this.tensor(input), this.#builder.float(data, dims)],
      ints('strides', node.attr.strides?.list.i.slice(1, 3) ?? [1, 1]),
      { name: 'auto_pad', type: STRING, s: Buffer.from(paddingOf(node)) },
      ints('kernel_shape', dims.slice(2)),
      { name: 'group', type: INT, i: groups },
    )
  }

  #batchNorm(node: TfjsNode): string {
    const [input = '', ...names] = node.input
    const [gamma, beta, mean, variance] = names.map((name) => this.#weight(name).data)
    const epsilon = node.attr.epsilon?.f ?? 1e-3
    const scale = Array.from(
      gamma ?? [],
      (value, i) => value / Math.sqrt((variance?.[i] ?? 0) + epsilon),
    )
    const shift = scale.map((value, i) => (beta?.[i] ?? 0) - (mean?.[i] ?? 0) * value)
    const dims = [scale.length, 1, 1]
    const scaled = [this.tensor(input), this.#builder.float(scale, dims)]
    return this.#builder.add('Add', [
      this.#builder.add('Mul', scaled),
      this.#builder.float(shift, dims),
    ])
  }

  #operand(name: string): string {
    return this.#model.weights.has(name) ? this.#channels(name) : this.tensor(name)
  }

  /** A weight that counts for each channel: [channels, 1, 1]. */
  #channels(name: string): string {
    const { shape, data } = this.#weight(name)
    return this.#builder.float(data, [shape.at(-1) ?? 1, 1, 1])
  }

  #weight(name: string): TfjsWeight {
    const weight = this.#model.weights.get(name)
    if (weight === undefined) throw unknown(`there is no weight ${name}`)
    return weight
  }

  #node(name: string): TfjsNode {
    const node = this.#model.nodes.get(name)
    if (node === undefined) throw unknown(`there is no layer ${name}`)
    return node
  }
}

/** Weights are [height, width, in, out] there, [out, in, height, width] here; depthwise, [in * out, 1, height, width]. */
function turned({ shape, data }: TfjsWeight, kind: 'full' | 'depthwise') {
  const [height = 0, width = 0, inputs = 0, outputs = 0] = shape
  const area = height * width
  const result = new Float32Array(data.length)
  let at = 0
  for (let cell = 0; cell < area; cell++)
    for (let from = 0; from < inputs; from++)
      for (let to = 0; to < outputs; to++) {
        const kernel = kind === 'full' ? to * inputs + from : from * outputs + to
        result[kernel * area + cell] = data[at++] ?? 0
      }
  const isFull = kind === 'full'
  const channels = isFull ? [outputs, inputs] : [inputs * outputs, 1]
  return { dims: [...channels, height, width], data: result, groups: isFull ? 1 : inputs }
}

/** TensorFlow pads more at the end, ONNX's SAME_UPPER. */
function paddingOf({ name, attr }: TfjsNode): string {
  const padding = String.fromCharCode(...(attr.padding?.s ?? []))
  if (padding === 'SAME') return 'SAME_UPPER'
  if (padding === 'VALID') return 'VALID'
  throw unknown(`the layer ${name} pads in its own way`)
}

function ints(name: string, values: readonly number[]): Onnx.IAttributeProto {
  return { name, type: INTS, ints: [...values] }
}

function unknown(sentence: string): PrepareError {
  return new PrepareError('archive_invalid', `the TensorFlow.js model: ${sentence}`)
}
