import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ssdliteGraph } from './ssdlite-graph.ts'
import { readTfjsModel } from './tfjs-model.ts'

const node = { name: 'a', op: 'Conv2D', input: ['x'], attr: { padding: { s: [83, 65, 77, 69] } } }
const weights = [
  { name: 'n', shape: [2], dtype: 'int32' },
  { name: 'w', shape: [1, 3], dtype: 'float32' },
]
const json = {
  modelTopology: { node: [node], library: {} },
  weightsManifest: [{ paths: ['one', 'two'], weights }],
}
const bytes = Buffer.from(new Float32Array([0, 0, 1.5, -2, 3]).buffer)

function files(model: unknown, one = bytes.subarray(0, 9), two = bytes.subarray(9)) {
  const text = typeof model === 'string' ? model : JSON.stringify(model)
  return new Map<string, Uint8Array>([
    ['model.json', Buffer.from(text)],
    ['one', one],
    ['two', two],
  ])
}

const quantised = [{ ...weights[1], quantization: { dtype: 'uint8', min: 0, scale: 1 } }]
for (const { name, given, says } of [
  { name: 'without model.json', given: new Map<string, Uint8Array>(), says: /no model\.json/ },
  { name: 'that is cut off', given: files('{"model'), says: /model\.json: .*JSON/ },
  { name: 'without a graph', given: files({}), says: /model\.json: modelTopology/ },
  {
    name: 'with quantised weights',
    given: files({ ...json, weightsManifest: [{ paths: ['one'], weights: quantised }] }),
    says: /weightsManifest\.0\.weights\.0: .*quantization/,
  },
  {
    name: 'with too few weights',
    given: files(json, bytes.subarray(0, 9), bytes.subarray(9, 16)),
    says: /weights end before w/,
  },
] as const)
  test(`A TensorFlow.js model ${name} is refused.`, () => {
    assert.throws(() => readTfjsModel(given), { code: 'archive_invalid', message: says })
  })

test('Weights run on from file to file, wherever the cut is; nodes are found by name.', () => {
  const model = readTfjsModel(files(json))
  assert.deepEqual([...model.weights.keys()], ['w'])
  assert.deepEqual(model.weights.get('w'), { shape: [1, 3], data: new Float32Array([1.5, -2, 3]) })
  assert.deepEqual(model.nodes.get('a')?.attr.padding?.s, [83, 65, 77, 69])
})

test('A model that is no SSDLite is refused by the layer that it lacks.', () => {
  assert.throws(() => ssdliteGraph(readTfjsModel(files(json))), {
    code: 'archive_invalid',
    message: /there is no layer BoxPredictor_0\/BoxEncodingPredictor\/BiasAdd|1917 anchors/,
  })
})
