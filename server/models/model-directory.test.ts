import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { DetectorStatus } from '#gpu/detector.ts'
import { InferenceError } from '#gpu/inference-error.ts'
import { card } from '#gpu/inference.fixture.ts'
import type { ModelCard } from '#gpu/model-card.ts'
import type { SwapRequest } from '#gpu/model-swap.ts'
import { modelActivationSchema, modelsSchema } from '#protocol/models.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { ModelDirectory, type ModelServer } from './model-directory.ts'

const folder = mkdtempSync(join(tmpdir(), 'sightline-models-'))
after(() => rmSync(folder, { recursive: true }))

function place(name: string, change: Partial<ModelCard> = {}): void {
  const text = JSON.stringify({ ...card, name, file: `${name}.onnx`, ...change })
  writeFileSync(join(folder, `${name}.json`), text)
  writeFileSync(join(folder, `${name}.onnx`), 'x')
}
place('first')
place('second', { prepared: { ...card.prepared, sha256: '2'.repeat(64) } })
place('misnamed', { name: 'other' })
place('fileless', { file: 'nowhere.onnx' })
writeFileSync(join(folder, 'broken.json'), '{')
writeFileSync(join(folder, 'first.raw.onnx'), 'x')

/** A detector that does what the test says. */
class FakeServer implements ModelServer {
  readonly asked: SwapRequest[] = []
  /** Until told otherwise it never ends. */
  answer: () => Promise<void> = () => new Promise(() => {})
  swapping: DetectorStatus['swap'] = null
  serving = { name: 'first', sha256: card.prepared.sha256, classes: ['person'] }

  swap(request: SwapRequest): Promise<void> {
    this.asked.push(request)
    return this.answer()
  }

  status() {
    const lastSwapFailure = null
    return { model: this.serving, executionProvider: 'cpu', swap: this.swapping, lastSwapFailure }
  }
}

function directory() {
  const detector = new FakeServer()
  const clock = new FakeClock()
  return {
    detector,
    clock,
    models: new ModelDirectory({ folder, atStart: 'first', detector, clock }),
  }
}

test('Every card of the folder is listed by name, with its facts or why it cannot be used; one is active.', async () => {
  const { models } = directory()
  const view = modelsSchema.parse(await models.list())
  assert.deepEqual(
    view.models.map(({ name, active, usable }) => [name, active, usable]),
    [
      ['broken', false, false],
      ['fileless', false, false],
      ['first', true, true],
      ['misnamed', false, false],
      ['second', false, true],
    ],
  )
  const [broken, fileless, first, misnamed] = view.models
  assert.match(broken?.reason ?? '', /broken\.json/)
  assert.match(fileless?.reason ?? '', /nowhere\.onnx is missing/)
  assert.match(misnamed?.reason ?? '', /another model, other/)
  assert.deepEqual(first?.facts, {
    licence: card.licence,
    source: card.source,
    family: 'yolox',
    input: {
      width: 416,
      height: 416,
      rectangular: true,
      stride: 32,
      colourOrder: 'bgr',
      fit: 'letterbox-topleft',
    },
    classes: 80,
    sha256: card.prepared.sha256,
    bytes: 1,
  })
  assert.equal(view.atStart, 'first')
  assert.equal(view.swap, null)
})

test('A change under way is told with its beginning as wall time.', async () => {
  const { models, detector, clock } = directory()
  detector.swapping = { model: 'second', phase: 'testing', startedAtMs: clock.nowMs() }
  clock.advance(2_000)
  const { swap } = await models.list()
  assert.deepEqual(swap, {
    model: 'second',
    phase: 'testing',
    startedAt: '2026-01-01T00:00:00.000Z',
  })
})

test('The model that serves already is not loaded again.', async () => {
  const { models, detector } = directory()
  const activation = modelActivationSchema.parse(await models.activate('first'))
  assert.equal(activation.changed, false)
  assert.equal(activation.persisted, false)
  assert.deepEqual(detector.asked, [])
})

test('A file of the same name that is another one is loaded.', async () => {
  const { models, detector } = directory()
  detector.serving = { ...detector.serving, sha256: '9'.repeat(64) }
  detector.answer = () => Promise.resolve()
  assert.equal((await models.activate('first')).changed, true)
})

test('Another one is loaded by its paths; the answer comes when it serves, and says what.', async () => {
  const { models, detector } = directory()
  detector.answer = async () => {
    await Promise.resolve()
    detector.serving = { name: 'second', sha256: '2'.repeat(64), classes: ['person'] }
  }
  const activation = modelActivationSchema.parse(await models.activate('second'))
  assert.deepEqual(detector.asked, [
    {
      name: 'second',
      modelPath: join(folder, 'second.onnx'),
      cardPath: join(folder, 'second.json'),
    },
  ])
  assert.deepEqual(activation, {
    active: { name: 'second', sha256: '2'.repeat(64), executionProvider: 'cpu' },
    changed: true,
    swap: null,
    persisted: false,
    atStart: 'first',
  })
})

test('An answer waits no longer than two minutes; the change goes on.', async () => {
  const { models, detector, clock } = directory()
  detector.swapping = { model: 'second', phase: 'loading', startedAtMs: clock.nowMs() }
  const activating = models.activate('second')
  while (detector.asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(120_000)
  const activation = await activating
  assert.equal(activation.changed, true)
  assert.equal(activation.swap?.phase, 'loading')
  assert.equal(activation.active.name, 'first')
})

for (const [name, code] of [
  ['nobody', 'unknown_model'],
  ['../second', 'unknown_model'],
  ['broken', 'card_invalid'],
  ['misnamed', 'card_invalid'],
  ['fileless', 'model_missing'],
] as const)
  test(`“${name}” is not tried: ${code}.`, async () => {
    const { models, detector } = directory()
    await assert.rejects(models.activate(name), { code })
    assert.deepEqual(detector.asked, [])
  })

test('What the detector says of a model that cannot serve reaches the caller.', async () => {
  const { models, detector } = directory()
  const refusal = new InferenceError('self_test_failed', 'colours are swapped')
  detector.answer = () => Promise.reject(refusal)
  await assert.rejects(models.activate('second'), {
    code: 'self_test_failed',
    message: 'colours are swapped',
  })
})
