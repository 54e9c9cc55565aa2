import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import type { EngineBuilder } from './engine-builder.ts'
import { EngineError } from './engine-error.ts'
import { EngineKeeper } from './engine-keeper.ts'
import { type EnginePlan, enginePlan } from './engine-plan.ts'

const here = { missing: () => null }
const absent = { missing: () => 'libnvinfer.so.10 is missing' }

for (const { configured, libraries, plan } of [
  {
    configured: ['cuda', 'cpu'],
    libraries: here,
    plan: {
      providers: ['cuda', 'cpu'],
      engine: 'never',
      reason: 'tensorrt is not in gpu.executionProviders',
    },
  },
  {
    configured: ['tensorrt', 'cuda', 'cpu'],
    libraries: absent,
    plan: {
      providers: ['tensorrt', 'cuda', 'cpu'],
      engine: 'never',
      reason: 'tensorrt: libnvinfer.so.10 is missing',
    },
  },
  {
    configured: ['tensorrt', 'cuda', 'cpu'],
    libraries: here,
    plan: { providers: ['cuda', 'cpu'], engine: 'beside', reason: null },
  },
  {
    configured: ['tensorrt'],
    libraries: here,
    plan: { providers: ['tensorrt'], engine: 'before', reason: null },
  },
  {
    configured: ['tensorrt'],
    libraries: absent,
    plan: {
      providers: ['tensorrt'],
      engine: 'never',
      reason: 'tensorrt: libnvinfer.so.10 is missing',
    },
  },
])
  test(`[${configured.join(', ')}] where TensorRT is ${libraries === here ? 'there' : 'missing'}: an engine ${plan.engine}`, () => {
    assert.deepEqual(enginePlan(configured, libraries), plan)
  })

/** A builder that is never done, and what became of its builds. */
function keeperWith(plan: Pick<EnginePlan, 'engine' | 'reason'>) {
  const builds: string[] = []
  const builder: EngineBuilder = {
    build: ({ modelPath }, _onProgress, signal) => {
      builds.push(`${modelPath} begun`)
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          builds.push(`${modelPath} stopped`)
          reject(new EngineError('engine_build_stopped', 'it was stopped'))
        }),
      )
    },
    discard: () => Promise.resolve(),
  }
  const keeper = new EngineKeeper({
    plan,
    builder,
    server: {
      swap: () => Promise.resolve(),
      status: () => ({ model: { name: 'any', sha256: 'any' } }),
    },
    requestFor: (modelPath) => ({
      modelPath,
      cardPath: '',
      enginesDir: '',
      devices: [0],
      searchPath: '',
      batchMax: 32,
    }),
    clock: new FakeClock(),
    log: silentLog,
  })
  return { keeper, builds }
}

test('where there is no TensorRT nothing is built, and the reason is shown', async () => {
  const { keeper, builds } = keeperWith({ engine: 'never', reason: 'tensorrt: it is missing' })
  await keeper.follow('a')
  assert.deepEqual(builds, [])
  const { state, reason } = keeper.status()
  assert.deepEqual([state, reason], ['none', 'tensorrt: it is missing'])
  await keeper[Symbol.asyncDispose]()
})

test('another model ends the build for the former one before its own begins', async () => {
  const { keeper, builds } = keeperWith({ engine: 'beside', reason: null })
  assert.equal(keeper.status().state, 'none')
  await keeper.follow('a')
  assert.equal(keeper.status().state, 'building')
  await Promise.all([keeper.follow('b'), keeper.follow('c')])
  await keeper[Symbol.asyncDispose]()
  await keeper.follow('d')
  const each = ['a', 'b', 'c'].flatMap((name) => [`${name} begun`, `${name} stopped`])
  assert.deepEqual(builds, each)
})
