import assert from 'node:assert/strict'
import { test } from 'node:test'
import onnxProto from 'onnx-proto'
import * as ort from 'onnxruntime-node'
import { OnnxGraphBuilder } from './onnx-graph-builder.ts'
import { TfjsLayers } from './tfjs-layers.ts'
import type { TfjsNode, TfjsWeight } from './tfjs-model.ts'

const { onnx } = onnxProto
const valid = { padding: { s: [...Buffer.from('VALID')] } }
const same = { padding: { s: [...Buffer.from('SAME')] } }
const strides = (side: number) => ({ strides: { list: { i: [1, side, side, 1] } } })

function weight(shape: readonly number[], ...values: readonly number[]): TfjsWeight {
  return { shape, data: new Float32Array(values) }
}

/** What the last of these layers gives for `image` [1, channels, height, width]; `x` is the image. */
async function run(
  nodes: readonly Omit<TfjsNode, 'name'>[],
  weights: Readonly<Record<string, TfjsWeight>>,
  image: { readonly dims: readonly number[]; readonly data: readonly number[] },
): Promise<{ readonly dims: readonly number[]; readonly data: readonly number[] }> {
  const named = nodes.map((node, i) => ({ ...node, name: `layer${i}` }))
  const builder = new OnnxGraphBuilder('layers')
  const model = {
    nodes: new Map(named.map((node) => [node.name, node])),
    weights: new Map(Object.entries(weights)),
  }
  const last = new TfjsLayers(model, builder, { x: 'x' }).tensor(`${named.at(-1)?.name}:0`)
  const type = { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } }
  const bytes = onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'layers',
      node: builder.nodes,
      initializer: builder.constants,
      input: [{ name: 'x', type }],
      output: [{ name: last, type }],
    },
  }).finish()
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 })
  const x = new ort.Tensor('float32', Float32Array.from(image.data), image.dims)
  const output = (await session.run({ x }))[last]
  await session.release()
  assert.ok(output?.data instanceof Float32Array)
  return { dims: output.dims, data: [...output.data].map((value) => Number(value.toFixed(4))) }
}

const conv = { op: 'Conv2D', input: ['x', 'w'] }

test('A convolution over two channels: weights are turned from [h, w, in, out].', async () => {
  // 1x1, from channels (a, b) to (a + 2b, 10a - b, 100b).
  const w = weight([1, 1, 2, 3], 1, 10, 0, 2, -1, 100)
  const image = { dims: [1, 2, 1, 2], data: [1, 2, 3, 4] }
  const found = await run([{ ...conv, attr: { ...valid, ...strides(1) } }], { w }, image)
  assert.deepEqual(found, { dims: [1, 3, 1, 2], data: [7, 10, 7, 16, 300, 400] })
})

test('SAME with a stride of 2 pads at the end, as TensorFlow does.', async () => {
  // 2x2 of ones over 3x3: windows at 0 and 2, the second one half outside.
  const w = weight([2, 2, 1, 1], 1, 1, 1, 1)
  const image = { dims: [1, 1, 3, 3], data: [1, 2, 3, 4, 5, 6, 7, 8, 9] }
  const found = await run([{ ...conv, attr: { ...same, ...strides(2) } }], { w }, image)
  assert.deepEqual(found.data, [1 + 2 + 4 + 5, 3 + 6, 7 + 8, 9])
})

test('A depthwise convolution keeps channels apart.', async () => {
  // 1x2: channel 0 takes its left pixel, channel 1 ten times its right one.
  const w = weight([1, 2, 2, 1], 1, 0, 0, 10)
  const node = { op: 'DepthwiseConv2dNative', input: ['x', 'w'], attr: { ...valid, ...strides(1) } }
  const found = await run([node], { w }, { dims: [1, 2, 1, 2], data: [1, 2, 3, 4] })
  assert.deepEqual(found, { dims: [1, 2, 1, 1], data: [1, 40] })
})

test('Batch normalisation, biases, sums and Relu6 count for each channel.', async () => {
  const weights = {
    gamma: weight([2], 2, 1),
    beta: weight([2], 0.5, 0),
    mean: weight([2], 1, 0),
    variance: weight([2], 3, 0.75),
    bias: weight([2], 0, -1),
    factor: weight([1, 1, 1, 2], 1, 3),
  }
  const names = ['gamma', 'beta', 'mean', 'variance']
  const nodes = [
    { op: 'FusedBatchNorm', input: ['x', ...names], attr: { epsilon: { f: 1 } } },
    { op: 'Mul', input: ['layer0', 'factor'], attr: {} },
    { op: 'BiasAdd', input: ['layer1', 'bias'], attr: {} },
    { op: 'AddN', input: ['layer2', 'x', 'x'], attr: {} },
    { op: 'Relu6', input: ['layer3'], attr: {} },
  ]
  const image = { dims: [1, 2, 1, 2], data: [1, 3, 1, -5] }
  const { data } = await run(nodes, weights, image)
  // Channel 0: (x - 1) * 2 / sqrt(3 + 1) + 0.5, plus 2x. Channel 1: x / sqrt(1.75) * 3 - 1, plus 2x; 0 to 6.
  assert.deepEqual(data, [2.5, 6, Number((3 / Math.sqrt(1.75) + 1).toFixed(4)), 0])
})

for (const { name, node, says } of [
  {
    name: 'of an unknown kind',
    node: { op: 'Elu', input: ['x'], attr: {} },
    says: /layer0 is of the kind Elu/,
  },
  { name: 'that pads in its own way', node: { ...conv, attr: {} }, says: /pads in its own way/ },
  {
    name: 'whose weight is missing',
    node: { ...conv, input: ['x', 'v'], attr: valid },
    says: /no weight v/,
  },
  {
    name: 'after one that is missing',
    node: { op: 'Relu6', input: ['y'], attr: {} },
    says: /no layer y/,
  },
] as const)
  test(`A layer ${name} is refused.`, async () => {
    const w = weight([1, 1, 1, 1], 1)
    await assert.rejects(
      run([{ ...node, input: [...node.input] }], { w }, { dims: [], data: [] }),
      {
        code: 'archive_invalid',
        message: says,
      },
    )
  })
