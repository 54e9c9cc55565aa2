import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EngineKey, engineKeyId, engineKeySchema } from './engine-key.ts'

const key: EngineKey = {
  gpu: 'NVIDIA A10',
  computeCapability: '8.6',
  tensorrt: '10.9.0',
  onnxruntime: '1.30.0',
  precision: 'fp16',
  modelSha256: 'a'.repeat(64),
  shapes: { smallest: [1, 32, 32, 3], optimal: [8, 234, 416, 3], largest: [32, 416, 416, 3] },
}

const others: Record<string, EngineKey> = {
  'another GPU': { ...key, gpu: 'NVIDIA L4' },
  'another compute capability': { ...key, computeCapability: '8.9' },
  'another TensorRT': { ...key, tensorrt: '10.9.1' },
  'another onnxruntime': { ...key, onnxruntime: '1.31.0' },
  'another precision': { ...key, precision: 'fp32' },
  'another model': { ...key, modelSha256: 'b'.repeat(64) },
  'larger batches': { ...key, shapes: { ...key.shapes, largest: [64, 416, 416, 3] } },
  'another optimal shape': { ...key, shapes: { ...key.shapes, optimal: [1, 234, 416, 3] } },
  'another smallest shape': { ...key, shapes: { ...key.shapes, smallest: [1, 64, 32, 3] } },
}

test('every single fact makes it another engine', () => {
  const ids = new Set([engineKeyId(key), ...Object.values(others).map(engineKeyId)])
  assert.equal(ids.size, 1 + Object.keys(others).length)
  for (const each of Object.values(others)) assert.ok(engineKeySchema.safeParse(each).success)
})

test('the same facts in another order name the same folder, and the name is one for a folder', () => {
  const { gpu, ...rest } = key
  assert.equal(engineKeyId({ ...rest, gpu }), engineKeyId(key))
  assert.match(engineKeyId(key), /^[0-9a-f]{20}$/)
})
