import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuOf } from './engine-gpu.ts'
import { engineShapes } from './engine-shapes.ts'
import {
  findTrtexec,
  tensorrtVersionOf,
  trtexecArguments,
  trtexecFault,
  trtexecProgress,
} from './engine-trtexec.ts'
import { card } from './inference.fixture.ts'

const code = 'engine_unavailable'

test('the GPU is the one that the driver names', () => {
  assert.deepEqual(gpuOf('NVIDIA A10, 8.6\n', [0]), {
    name: 'NVIDIA A10',
    computeCapability: '8.6',
  })
  const two = 'NVIDIA GeForce RTX 4090, 8.9\nNVIDIA GeForce RTX 4090, 8.9\n'
  assert.equal(gpuOf(two, [1, 0]).name, 'NVIDIA GeForce RTX 4090')
})

for (const [answer, devices, says] of [
  ['', [0], /names no GPU/],
  ['No devices were found\n', [0], /names no GPU/],
  ['NVIDIA A10, [N/A]\n', [0], /names no GPU/],
  ['NVIDIA A10, 8.6\n', [0, 1], /no GPU 1: this machine has 1/],
  ['NVIDIA A10, 8.6\nNVIDIA L4, 8.9\n', [0], /several kinds \(NVIDIA A10, NVIDIA L4\)/],
] as const)
  test(`no engine is built where the driver says ${JSON.stringify(answer)} of the GPUs ${devices.join()}`, () => {
    assert.throws(() => gpuOf(answer, devices), { code, message: says })
  })

test('the version of TensorRT is read in both of its spellings, and only 10 is taken', () => {
  const banner = (version: string): string =>
    `&&&& RUNNING TensorRT.trtexec [TensorRT ${version}] [b34] # trtexec --help\n=== Model Options`
  assert.equal(tensorrtVersionOf(banner('v100900')), '10.9.0')
  assert.equal(tensorrtVersionOf(banner('v101303')), '10.13.3')
  assert.throws(() => tensorrtVersionOf(banner('v8601')), { code, message: /TensorRT 8\.6\.1;/ })
  assert.throws(() => tensorrtVersionOf(banner('v110000')), { code, message: /TensorRT 11\.0\.0;/ })
  assert.throws(() => tensorrtVersionOf('usage: something else'), { code })
})

test('a machine without trtexec is told where it would be looked for', async () => {
  const message = /no trtexec on PATH or in \/usr\/src\/tensorrt\/bin; it comes with TensorRT 10/
  await assert.rejects(findTrtexec('/nowhere:/neither'), { code, message })
})

test('an engine is built strongly typed, for all shapes that cameras give', () => {
  const shapes = engineShapes(card, 32)
  const files = { modelPath: '/m/yolox.onnx', enginePath: '/e/part/engine' }
  assert.deepEqual(trtexecArguments({ ...files, shapes, device: 1 }), [
    '--onnx=/m/yolox.onnx',
    '--saveEngine=/e/part/engine',
    '--stronglyTyped',
    '--minShapes=pixels:1x2x2x3',
    '--optShapes=pixels:8x234x416x3',
    '--maxShapes=pixels:32x416x416x3',
    '--device=1',
    '--skipInference',
  ])
})

test('shapes follow the card: fixed sizes end where the input ends, stretched ones have no range', () => {
  const { input, prepared } = card
  const size = { width: 640, height: 480 }
  const fixed = engineShapes({ prepared, input: { ...input, size } }, 4)
  assert.deepEqual(fixed, {
    smallest: [1, 2, 2, 3],
    optimal: [4, 360, 640, 3],
    largest: [4, 480, 640, 3],
  })
  const stretched = engineShapes({ prepared, input: { ...input, size, fit: 'stretch' } }, 16)
  assert.deepEqual(stretched, {
    smallest: [1, 480, 640, 3],
    optimal: [8, 480, 640, 3],
    largest: [16, 480, 640, 3],
  })
  const alone = engineShapes({ ...card, prepared: { ...prepared, batchMax: 1 } }, 16)
  assert.deepEqual([alone.optimal[0], alone.largest[0]], [1, 1], 'a network of one picture a run')
  const long = engineShapes({ prepared, input: { ...input, fit: 'stretch' } }, 1)
  assert.deepEqual(
    [long.smallest, long.largest],
    [
      [1, 32, 32, 3],
      [1, 416, 416, 3],
    ],
  )
})

const stamp = '[11/24/2026-10:00:00]'
for (const [line, share] of [
  ['&&&& RUNNING TensorRT.trtexec [TensorRT v100900] [b34] # trtexec --onnx=m.onnx', 0],
  [`${stamp} [I] Start parsing network model.`, 0.02],
  [`${stamp} [I] Finished parsing network model. Parse time: 0.0478`, 0.05],
  [`${stamp} [I] [TRT] Local timing cache in use. Profiling results will not be stored.`, 0.1],
  [`${stamp} [I] [TRT] Engine generation completed in 61.2 seconds.`, 0.9],
  [`${stamp} [I] Engine built in 62.9 sec.`, 0.95],
  [`${stamp} [I] Created engine with size: 9.12 MiB`, 0.97],
  ['&&&& PASSED TensorRT.trtexec [TensorRT v100900] [b34] # trtexec --onnx=m.onnx', 1],
  ['&&&& FAILED TensorRT.trtexec [TensorRT v100900] [b34] # trtexec --onnx=m.onnx', null],
  [`${stamp} [I] [TRT] Detected 1 inputs and 1 output network tensors.`, null],
  ['', null],
] as const)
  test(`${JSON.stringify(line.slice(0, 60))} means ${share ?? 'nothing'}`, () => {
    assert.equal(trtexecProgress(line), share)
  })

for (const [line, fault] of [
  [
    `${stamp} [E] [TRT] ModelImporter.cpp:949: While parsing node 3`,
    'ModelImporter.cpp:949: While parsing node 3',
  ],
  [
    `${stamp} [E] Engine could not be created from network`,
    'Engine could not be created from network',
  ],
  [`${stamp} [W] [TRT] something to think about`, null],
  ['anything', null],
] as const)
  test(`${JSON.stringify(line.slice(22, 70))} is ${fault === null ? 'no' : 'a'} fault`, () => {
    assert.equal(trtexecFault(line), fault)
  })
