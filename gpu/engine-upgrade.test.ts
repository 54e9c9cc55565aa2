import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CodedError } from '#std/coded-error.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import type { EngineBuilder, EngineFile, EngineProgress } from './engine-builder.ts'
import { EngineError } from './engine-error.ts'
import { EngineUpgrade } from './engine-upgrade.ts'

const engine: EngineFile = {
  modelPath: '/engines/a/yolox.onnx',
  cardPath: '/engines/a/yolox.json',
  folder: '/engines/a',
  isReused: false,
}

/** A builder and a detector that do what the test says, and remember what they were asked. */
class Scene {
  readonly clock = new FakeClock()
  readonly building = Promise.withResolvers<EngineFile>()
  readonly log: string[] = []
  readonly swaps: unknown[] = []
  serving = { name: 'yolox', sha256: 'plain' }
  progress: (progress: EngineProgress) => void = () => {}
  onSwap: (time: number) => Promise<void> = () => Promise.resolve()

  readonly upgrade: EngineUpgrade = new EngineUpgrade({
    builder: this.#builder(),
    server: {
      status: () => ({ model: this.serving }),
      swap: (next) => this.onSwap(this.swaps.push(next)),
    },
    request: {
      modelPath: '/models/yolox.onnx',
      cardPath: '/models/yolox.json',
      enginesDir: '/engines',
      devices: [0],
      searchPath: '',
      batchMax: 32,
    },
    clock: this.clock,
    log: {
      ...silentLog,
      info: (line) => this.log.push(`info ${line}`),
      warn: (line) => this.log.push(`warn ${line}`),
    },
  })

  #builder(): EngineBuilder {
    return {
      build: (_request, onProgress, signal) => {
        this.progress = onProgress
        const stopped = new EngineError('engine_build_stopped', 'the engine’s build was stopped')
        signal.addEventListener('abort', () => this.building.reject(stopped))
        return this.building.promise
      },
      discard: ({ folder }) => {
        this.log.push(`discarded ${folder}`)
        return Promise.resolve()
      },
    }
  }
}

test('while it builds, its progress is seen and what serves is left alone', async () => {
  const scene = new Scene()
  assert.equal(scene.upgrade.status().state, 'building')
  assert.equal(scene.upgrade.status().progress, null)
  scene.progress({ share: 0.3 })
  assert.equal(scene.upgrade.status().progress, 0.3)
  assert.deepEqual(scene.swaps, [])
  await scene.upgrade[Symbol.asyncDispose]()
})

test('an engine that is built serves, on TensorRT and with the batches that it was built for', async () => {
  const scene = new Scene()
  scene.building.resolve(engine)
  const { state, reason, progress } = await scene.upgrade.settled
  assert.deepEqual({ state, reason, progress }, { state: 'ready', reason: null, progress: null })
  const { modelPath, cardPath } = engine
  const executionProviders = ['tensorrt']
  assert.deepEqual(scene.swaps, [
    { name: 'yolox', modelPath, cardPath, executionProviders, batchMax: 32 },
  ])
  assert.deepEqual(scene.log, ['info engine built', 'info engine serves'])
})

for (const { code, message, state, line } of [
  {
    code: 'engine_unavailable',
    message: 'the driver names no GPU',
    state: 'none',
    line: 'info no engine: the driver names no GPU',
  },
  {
    code: 'engine_build_failed',
    message: 'trtexec ended with code 1: out of memory',
    state: 'failed',
    line: 'warn no engine: trtexec ended with code 1: out of memory; what serves goes on',
  },
  {
    code: 'engine_build_timeout',
    message: 'no engine within 30 minutes; it is given up',
    state: 'failed',
    line: 'warn no engine: no engine within 30 minutes; it is given up; what serves goes on',
  },
] as const)
  test(`a builder that ends with ${code} leaves the state “${state}” and one line`, async () => {
    const scene = new Scene()
    scene.building.reject(new EngineError(code, message))
    const status = await scene.upgrade.settled
    assert.deepEqual([status.state, status.reason], [state, message])
    assert.deepEqual(scene.log, [line])
    assert.deepEqual(scene.swaps, [])
  })

for (const { code, isDiscarded } of [
  { code: 'self_test_failed', isDiscarded: true },
  { code: 'model_invalid', isDiscarded: true },
  { code: 'model_altered', isDiscarded: true },
  { code: 'provider_unavailable', isDiscarded: true },
  { code: 'start_timeout', isDiscarded: false },
  { code: 'inference_lost', isDiscarded: false },
])
  test(`an engine refused with ${code} is ${isDiscarded ? 'deleted' : 'kept for another start'}`, async () => {
    const scene = new Scene()
    scene.onSwap = () => Promise.reject(new CodedError(code, 'it does not serve'))
    scene.building.resolve(engine)
    const { state, reason } = await scene.upgrade.settled
    assert.deepEqual([state, reason], ['failed', 'it does not serve'])
    assert.equal(scene.log.includes('discarded /engines/a'), isDiscarded)
    assert.equal(scene.swaps.length, 1, 'one try a start')
  })

test('an engine that is done while another model is being loaded waits for its turn', async () => {
  const scene = new Scene()
  scene.onSwap = (time) =>
    time < 3 ? Promise.reject(new CodedError('swap_in_progress', 'later')) : Promise.resolve()
  scene.building.resolve(engine)
  for (const count of [1, 2, 3]) {
    while (scene.swaps.length < count) await new Promise(setImmediate)
    scene.clock.advance(5_000)
  }
  assert.equal((await scene.upgrade.settled).state, 'ready')
})

test('an engine for a model that no longer serves is not swapped in', async () => {
  const scene = new Scene()
  scene.serving = { name: 'other', sha256: 'other' }
  scene.building.resolve(engine)
  const { state, reason } = await scene.upgrade.settled
  assert.deepEqual([state, reason], ['none', 'the model that it is for no longer serves'])
  assert.deepEqual(scene.swaps, [])
})

test('closing ends the builder and waits for that; a swap under way is left to the detector', async () => {
  const building = new Scene()
  await building.upgrade[Symbol.asyncDispose]()
  assert.equal(building.upgrade.status().reason, 'the engine’s build was stopped')

  const swapping = new Scene()
  const loading = Promise.withResolvers<void>()
  swapping.onSwap = () => loading.promise
  swapping.building.resolve(engine)
  while (swapping.swaps.length === 0) await new Promise(setImmediate)
  await swapping.upgrade[Symbol.asyncDispose]()
  loading.reject(new CodedError('detector_closed', 'the detector closed'))
  assert.equal((await swapping.upgrade.settled).state, 'none')
})
