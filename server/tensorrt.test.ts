import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuConfigSchema } from '#config/gpu.ts'
import type { EngineBuilder, EngineRequest } from '#gpu/engine-builder.ts'
import { EngineError } from '#gpu/engine-error.ts'
import { CodedError } from '#std/coded-error.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import type { ModelServer } from './models/model-directory.ts'
import { Tensorrt, withEngine } from './tensorrt.ts'

const engine = { modelPath: '/e/m.onnx', cardPath: '/e/m.json', folder: '/e', isReused: true }
const plain = {
  modelPath: '/data/models/yolox-nano.onnx',
  cardPath: '/data/models/yolox-nano.json',
}

/** A machine with TensorRT or without, whose builder does as told. */
function tensorrt(options: {
  readonly providers: readonly string[]
  readonly isThere?: boolean
  readonly build?: EngineBuilder['build']
  readonly batchMax?: number
}) {
  const requests: EngineRequest[] = []
  const build = options.build ?? (() => Promise.resolve(engine))
  const of = new Tensorrt({
    config: {
      dataDir: '/data',
      searchPath: '/bin',
      gpu: gpuConfigSchema.parse({
        executionProviders: options.providers,
        devices: [1],
        ...(options.batchMax === undefined ? {} : { batchMax: options.batchMax }),
      }),
    },
    modelsFolder: '/data/models',
    clock: new FakeClock(),
    log: silentLog,
    libraries: { missing: () => (options.isThere === false ? 'it is missing' : null) },
    builder: {
      build: (request, ...rest) => {
        requests.push(request)
        return build(request, ...rest)
      },
      discard: () => Promise.resolve(),
    },
  })
  return { of, requests }
}

for (const { providers, isThere, first } of [
  { providers: ['tensorrt', 'cuda', 'cpu'], isThere: true, first: ['cuda', 'cpu'] },
  { providers: ['tensorrt', 'cpu'], isThere: false, first: ['tensorrt', 'cpu'] },
  { providers: ['tensorrt'], isThere: false, first: ['tensorrt'] },
  { providers: ['cpu'], isThere: true, first: ['cpu'] },
])
  test(`[${providers.join(', ')}] ${isThere ? 'with' : 'without'} TensorRT starts at once, with the plain model on ${first.join(', ')}`, async () => {
    const { of, requests } = tensorrt({ providers, isThere })
    assert.deepEqual(await of.firstModel(), { ...plain, executionProviders: first })
    assert.deepEqual(requests, [])
  })

test('where nothing but TensorRT may serve, the start waits for the engine', async () => {
  const { of, requests } = tensorrt({ providers: ['tensorrt'], batchMax: 4 })
  const { modelPath, cardPath } = engine
  assert.deepEqual(await of.firstModel(), { modelPath, cardPath, executionProviders: ['tensorrt'] })
  assert.deepEqual(requests, [
    { ...plain, enginesDir: '/data/engines', devices: [1], searchPath: '/bin', batchMax: 4 },
  ])
  const server = {
    swap: () => Promise.resolve(),
    status: () => ({ model: { name: '', sha256: '' } }),
  }
  await using keeper = await of.openKeeper(server)
  assert.equal(keeper.status().state, 'ready')
  assert.equal(requests.length, 1, 'and it is not built twice')
})

test('where it must and cannot be, the start is refused with one sentence', async () => {
  const build = (): Promise<never> =>
    Promise.reject(new EngineError('engine_unavailable', 'the driver names no GPU'))
  const { of } = tensorrt({ providers: ['tensorrt'], build })
  await assert.rejects(of.firstModel(), {
    code: 'engine_unavailable',
    message: 'TensorRT is demanded and cannot serve: the driver names no GPU',
  })
})

test('beside what serves an engine is built for the model that a person chose last', async () => {
  const build: EngineBuilder['build'] = (_request, _onProgress, signal) =>
    new Promise((_resolve, reject) => {
      const stopped = new EngineError('engine_build_stopped', 'it was stopped')
      signal.addEventListener('abort', () => reject(stopped))
    })
  const { of, requests } = tensorrt({ providers: ['tensorrt', 'cpu'], build })
  const refusal = new CodedError('self_test_failed', 'it finds nothing')
  const model = { name: 'yolox-nano', sha256: 'a', classes: [] }
  const server: ModelServer = {
    swap: ({ name }) => (name === 'bad' ? Promise.reject(refusal) : Promise.resolve()),
    status: () => ({ model, executionProvider: 'cpu', swap: null, lastSwapFailure: null }),
  }
  {
    await using keeper = await of.openKeeper(server)
    const followed = withEngine(server, keeper)
    const files = { modelPath: '', cardPath: '' }
    await assert.rejects(followed.swap({ name: 'bad', ...files }), refusal)
    await followed.swap({ name: 'good', ...files })
    while (requests.length < 2) await new Promise(setImmediate)
    assert.equal(keeper.status().state, 'building')
  }
  assert.deepEqual(
    requests.map(({ modelPath }) => modelPath),
    [plain.modelPath, '/data/models/good.onnx'],
  )
})
