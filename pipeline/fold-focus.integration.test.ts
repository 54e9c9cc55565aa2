import assert from 'node:assert/strict'
import { test } from 'node:test'
import onnxProto, { type onnx as Onnx } from 'onnx-proto'
import * as ort from 'onnxruntime-node'
import { foldFocus } from './fold-focus.ts'
import { floatTensor, int64Tensor } from './onnx-tensor.ts'

const { onnx } = onnxProto
const { INT, INTS } = onnx.AttributeProto.AttributeType
const yoloxOrder = [
  [0, 0],
  [1, 0],
  [0, 1],
  [1, 1],
] as const
const size = [2, 3, 16, 24] as const

type Quarters = readonly (readonly [row: number, column: number])[]

/** `image` [2, 3, 16, 24] -> quarters in this order, stacked -> a convolution of 3 x 3 with five outputs. */
function focusGraph(
  quarters: Quarters,
  change: { step?: number; group?: number } = {},
): Onnx.IGraphProto {
  const { step = 2, group = 1 } = change
  const node: Onnx.INodeProto[] = []
  const initializer: Onnx.ITensorProto[] = []
  const cut = (input: string, output: string, axis: number, start: number): void => {
    const values = { start, end: 2 ** 40, axis, step }
    const names = Object.entries(values).map(([what, value]) => {
      initializer.push(int64Tensor(`${output}/${what}`, [value]))
      return `${output}/${what}`
    })
    node.push({ opType: 'Slice', input: [input, ...names], output: [output] })
  }
  for (const [index, [row, column]] of quarters.entries()) {
    cut('image', `rows${index}`, 2, row)
    cut(`rows${index}`, `quarter${index}`, 3, column)
  }
  const channels = 12 / group
  const weights = Array.from({ length: 6 * channels * 9 }, (_, i) => Math.sin(i * 1.7))
  initializer.push(floatTensor('weights', weights, [6, channels, 3, 3]))
  initializer.push(floatTensor('bias', [1, 2, 3, 4, 5, 6], [6]))
  node.push(
    {
      opType: 'Concat',
      input: quarters.map((_, index) => `quarter${index}`),
      output: ['stacked'],
      attribute: [{ name: 'axis', type: INT, i: 1 }],
    },
    {
      opType: 'Conv',
      input: ['stacked', 'weights', 'bias'],
      output: ['found'],
      attribute: [
        { name: 'kernel_shape', type: INTS, ints: [3, 3] },
        { name: 'pads', type: INTS, ints: [1, 1, 1, 1] },
        { name: 'strides', type: INTS, ints: [1, 1] },
        { name: 'dilations', type: INTS, ints: [1, 1] },
        { name: 'group', type: INT, i: group },
      ],
    },
  )
  const value = (name: string, dims: readonly number[]): Onnx.IValueInfoProto => ({
    name,
    type: {
      tensorType: {
        elemType: onnx.TensorProto.DataType.FLOAT,
        shape: { dim: dims.map((dimValue) => ({ dimValue })) },
      },
    },
  })
  const output = [value('found', [size[0], 6, size[2] / step, size[3] / step])]
  return { name: 'focus', node, initializer, input: [value('image', size)], output }
}

async function run(graph: Onnx.IGraphProto): Promise<Float32Array> {
  const model = { irVersion: 7, opsetImport: [{ domain: '', version: 11 }], graph }
  const bytes = onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish()
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4 })
  const length = size.reduce((product, side) => product * side, 1)
  const data = Float32Array.from({ length }, (_, i) => ((i * 7919) % 251) - 100)
  const { found } = await session.run({ image: new ort.Tensor('float32', data, size) })
  await session.release()
  assert.ok(found?.data instanceof Float32Array)
  return found.data
}

const orders: readonly [name: string, quarters: Quarters][] = [
  ['YOLOX stacks them', yoloxOrder],
  ['nobody stacks them', [yoloxOrder[3], yoloxOrder[1], yoloxOrder[2], yoloxOrder[0]]],
]
for (const [name, quarters] of orders)
  test(`Quarters as ${name} become one convolution that finds the same.`, async () => {
    const graph = focusGraph(quarters)
    const before = await run(graph)
    foldFocus(graph)
    assert.deepEqual(
      graph.node?.map(({ opType }) => opType),
      ['Conv'],
    )
    const after = await run(graph)
    assert.equal(after.length, before.length)
    const difference = Math.max(...after.map((value, at) => Math.abs(value - (before[at] ?? 0))))
    assert.ok(difference < 1e-2, `of values up to 5,000, ${difference} apart`)
    assert.ok(Math.max(...before) > 100)
  })

const others: readonly [name: string, graph: Onnx.IGraphProto][] = [
  [
    'a quarter that is there twice',
    focusGraph([
      [0, 0],
      [0, 0],
      [0, 1],
      [1, 1],
    ]),
  ],
  ['slices of another step', focusGraph(yoloxOrder, { step: 4 })],
  ['a grouped convolution', focusGraph(yoloxOrder, { group: 3 })],
]
for (const [name, graph] of others)
  test(`A graph with ${name} stays as it is.`, () => {
    const before = JSON.stringify(graph)
    foldFocus(graph)
    assert.equal(JSON.stringify(graph), before)
  })
