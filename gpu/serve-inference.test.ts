import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { card } from './inference.fixture.ts'
import type { FromWorker, InferenceBoot, ToWorker } from './inference-messages.ts'
import type { Model, PixelBatch } from './model.ts'
import { ModelError } from './model-error.ts'
import { type InferenceParts, serveInference } from './serve-inference.ts'
import { codedPicture, codeOf } from './luma-code.fixture.ts'

const boot: InferenceBoot = {
  modelPath: 'model.onnx',
  cardPath: 'model.json',
  photoPath: 'photo.jpg',
  ffmpegPath: 'ffmpeg',
  executionProviders: ['cpu'],
  intraOpThreads: 1,
  deviceId: 0,
  batchMax: 1,
}

/** A model that takes 10 ms a picture, and finds one thing: the first byte of the picture is its class. */
class FakeModel implements Model {
  readonly card = card
  executionProvider = 'cpu'
  readonly passedOver = []
  readonly batches: { readonly count: number; readonly bytes: number }[] = []
  readonly #clock: FakeClock
  isReleased = false

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  run({ pixels, count, width, height }: PixelBatch) {
    assert.equal(pixels.length, count * width * height * 3)
    assert.ok(!this.isReleased)
    this.batches.push({ count, bytes: pixels.length })
    this.#clock.advance(10 * count)
    const detections = Array.from({ length: count }, (_, index) => {
      const first = codeOf(pixels[index * width * height * 3])
      if (first === 219) throw new Error('run failed')
      return first === 0 ? new Float32Array() : new Float32Array([first, 0.5, 0, 0, 1, 1])
    })
    return Promise.resolve({ detections, inferredAtMs: this.#clock.nowMs() })
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.isReleased = true
    return Promise.resolve()
  }
}

async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

function started(change: Partial<InferenceParts> = {}, batchMax: number | 'auto' = 1) {
  const clock = new FakeClock()
  const model = new FakeModel(clock)
  const said: FromWorker[] = []
  const port = { isClosed: false, tell: (_message: ToWorker): void => assert.fail('not listening') }
  const served = serveInference(
    {
      post: (message) => {
        assert.ok(!port.isClosed)
        said.push(message)
      },
      onMessage: (listener) => {
        port.tell = listener
      },
      close: () => {
        port.isClosed = true
      },
    },
    { ...boot, batchMax },
    {
      openModel: () => Promise.resolve(model),
      runSelfTest: () => Promise.resolve({ passed: true }),
      clock,
      cpuMs: () => clock.nowMs() / 2,
      notes: ['a note'],
      ...change,
    },
  )
  return { clock, model, said, port, served }
}

function runOf(memoryIds: readonly number[], byteOffsets: readonly number[]): ToWorker {
  return { kind: 'run', batchId: 7, width: 4, height: 2, memoryIds, byteOffsets }
}

const refusals: readonly {
  readonly name: string
  readonly parts: Partial<InferenceParts>
  readonly loads?: boolean
  readonly code: string
  readonly message: string
}[] = [
  {
    name: 'is missing',
    parts: { openModel: () => Promise.reject(new ModelError('model_missing', 'no file')) },
    code: 'model_missing',
    message: 'no file',
  },
  {
    name: 'fails for a reason nobody foresaw',
    parts: { openModel: () => Promise.reject(new Error('bad alloc')) },
    code: 'start_failed',
    message: 'bad alloc',
  },
  {
    name: 'does not find what its card promises',
    parts: {
      runSelfTest: () =>
        Promise.resolve({ passed: false, suspect: 'photo', sentence: 'wrong photo' }),
    },
    loads: true,
    code: 'self_test_failed',
    message: 'wrong photo',
  },
]

for (const { name, parts, loads = false, code, message } of refusals)
  test(`A model that ${name} is refused with ${code}, and the thread ends.`, async () => {
    const { said, port, served } = started(parts)
    await served
    const refused = { kind: 'refused', code, message }
    assert.deepEqual(said, loads ? [{ kind: 'loaded' }, refused] : [refused])
    assert.ok(port.isClosed)
  })

test('A file that takes one picture a run is asked for no more, whatever the device could do.', async () => {
  const clock = new FakeClock()
  const single = { ...card, prepared: { ...card.prepared, batchMax: 1 } }
  const model = Object.assign(new FakeModel(clock), { card: single })
  const { said } = started({ clock, openModel: () => Promise.resolve(model) }, 6)
  await settled()
  const ready = said.find((message) => message.kind === 'ready')
  assert.equal(ready?.kind === 'ready' && ready.batchMax, 1)
  assert.ok(model.batches.every(({ count }) => count === 1))
})

test('Every batch size in use is timed, after a warm-up that does not count.', async () => {
  const { said, model } = started({}, 6)
  await settled()
  const [loaded, ready] = said
  assert.equal(loaded?.kind, 'loaded')
  assert.equal(ready?.kind, 'ready')
  if (ready?.kind !== 'ready') assert.fail()
  assert.deepEqual(ready.notes, ['a note'])
  assert.equal(ready.calibration.width, 416)
  assert.equal(ready.calibration.height, 234)
  assert.deepEqual(
    ready.calibration.samples,
    [1, 2, 4, 6].flatMap((batchSize) =>
      Array.from({ length: 3 }, () => ({ batchSize, ms: 10 * batchSize })),
    ),
  )
  assert.equal(model.batches.length, 16)
})

test('Frames are gathered from their memories, in order, and answered picture by picture.', async () => {
  const { said, port } = started({}, 4)
  await settled()
  const size = { width: 4, height: 2 }
  const first = new SharedArrayBuffer(24)
  const second = new SharedArrayBuffer(12)
  new Uint8Array(first).set(codedPicture(size, [0]))
  new Uint8Array(first).set(codedPicture(size, [3]), 12)
  new Uint8Array(second).set(codedPicture(size, [9]))
  port.tell({ kind: 'memory', memoryId: 1, memory: first })
  port.tell({ kind: 'memory', memoryId: 2, memory: second })
  port.tell(runOf([1, 2, 1], [12, 0, 0]))
  await settled()
  const answer = said.at(-1)
  if (answer?.kind !== 'ran') assert.fail()
  assert.equal(answer.batchId, 7)
  assert.deepEqual(answer.counts, [1, 1, 0])
  assert.deepEqual([...answer.detections], [3, 0.5, 0, 0, 1, 1, 9, 0.5, 0, 0, 1, 1])
})

for (const { name, run } of [
  { name: 'a memory that was forgotten', run: runOf([1], [0]) },
  { name: 'a memory that was never announced', run: runOf([5], [0]) },
  { name: 'pixels past the end of their memory', run: runOf([2], [1]) },
  { name: 'a picture on which the model throws', run: runOf([3], [0]) },
])
  test(`A batch with ${name} breaks the worker: it says so, releases the model and ends.`, async () => {
    const { said, port, model, served } = started()
    await settled()
    const white = new SharedArrayBuffer(12)
    new Uint8Array(white).set(codedPicture({ width: 4, height: 2 }, [219]))
    port.tell({ kind: 'memory', memoryId: 1, memory: new SharedArrayBuffer(12) })
    port.tell({ kind: 'memory', memoryId: 2, memory: new SharedArrayBuffer(12) })
    port.tell({ kind: 'memory', memoryId: 3, memory: white })
    port.tell({ kind: 'forget', memoryId: 1 })
    port.tell(run)
    await served
    assert.equal(said.at(-1)?.kind, 'broken')
    assert.ok(model.isReleased && port.isClosed)
  })

test('Told to leave, it finishes what runs, releases the model and ends.', async () => {
  const { said, port, model, served } = started()
  await settled()
  port.tell({ kind: 'memory', memoryId: 1, memory: new SharedArrayBuffer(24) })
  port.tell(runOf([1], [0]))
  port.tell({ kind: 'leave' })
  await served
  assert.equal(said.at(-1)?.kind, 'ran')
  assert.ok(model.isReleased && port.isClosed)
})

test('Told to leave while the model loads, it releases the model that comes.', async () => {
  const opening = Promise.withResolvers<Model>()
  const { port, served, clock } = started({ openModel: () => opening.promise })
  port.tell({ kind: 'leave' })
  await settled()
  assert.ok(!port.isClosed)
  const model = new FakeModel(clock)
  opening.resolve(model)
  await served
  assert.ok(model.isReleased && port.isClosed)
})

test('A rehearsal runs grey pictures for as long as it is told, and says what CPU time they took.', async () => {
  const { said, model, port } = started()
  await settled()
  const before = model.batches.length
  port.tell({ kind: 'rehearse', forMs: 45 })
  await settled()
  assert.deepEqual(said.at(-1), { kind: 'rehearsed', runs: 5, cpuMs: 25 })
  assert.equal(model.batches.length - before, 5)
  port.tell({ kind: 'rehearse', forMs: 0 })
  await settled()
  assert.deepEqual(said.at(-1), { kind: 'rehearsed', runs: 1, cpuMs: 5 })
})

test('A batch may be as large as suits the provider that loads, where none is said.', async () => {
  for (const { executionProvider, batchMax } of [
    { executionProvider: 'cpu', batchMax: 1 },
    { executionProvider: 'cuda', batchMax: 32 },
  ]) {
    const clock = new FakeClock()
    const model = new FakeModel(clock)
    model.executionProvider = executionProvider
    const { said } = started({ openModel: () => Promise.resolve(model) }, 'auto')
    await settled()
    const ready = said.find(({ kind }) => kind === 'ready')
    if (ready?.kind !== 'ready') assert.fail()
    assert.equal(ready.batchMax, batchMax)
    assert.equal(ready.calibration.samples.at(-1)?.batchSize, batchMax)
  }
})
