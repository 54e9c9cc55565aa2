import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import type { FrameOutcome } from './detector.ts'
import {
  card,
  FakeThreads,
  type NamedFrame,
  offered,
  openOptions,
  servingDetector,
} from './inference.fixture.ts'
import { openDetector } from './open-detector.ts'

const refusals = [
  { code: 'model_missing', message: 'model file x.onnx is missing' },
  { code: 'model_altered', message: 'model file x.onnx is not the one that its card describes' },
  { code: 'self_test_failed', message: 'colours are swapped' },
  { code: 'provider_unavailable', message: 'cuda: libcublas is missing' },
] as const

for (const { code, message } of refusals)
  test(`A worker that refuses with ${code} rejects the opening with the same code and sentence, and leaves nothing.`, async () => {
    const clock = new FakeClock()
    const threads = new FakeThreads()
    const opening = openDetector({ ...openOptions(clock, threads), sessions: 2 })
    const [first, second] = threads.all
    first?.say({ kind: 'refused', code, message })
    first?.exit(0)
    second?.exit(0)
    await assert.rejects(opening, { name: 'InferenceError', code, message })
    assert.equal(threads.all.length, 2, 'nothing is started again')
    assert.equal(clock.pendingCount, 0)
  })

test('A worker that ends or throws before it serves rejects the opening.', async () => {
  for (const end of ['exit', 'error']) {
    const threads = new FakeThreads()
    const opening = openDetector(openOptions(new FakeClock(), threads))
    if (end === 'error') threads.last.fail(new Error('out of memory'))
    threads.last.exit(1)
    await assert.rejects(opening, { code: 'inference_lost' })
  }
})

test('A model that does not load within two minutes rejects the opening; its worker is not killed.', async () => {
  const clock = new FakeClock()
  const threads = new FakeThreads()
  const opening = openDetector(openOptions(clock, threads))
  const rejected = assert.rejects(opening, { code: 'start_timeout' })
  await clock.advanceAsync(125_000, 1_000)
  await rejected
  assert.ok(threads.last.wasAskedToLeave && threads.last.isAbandoned)
})

test('A frame goes to the worker by memory and offset and comes back with its boxes and stamps.', async () => {
  const { clock, threads, detector } = await servingDetector()
  const outcomes: FrameOutcome[] = []
  const memory = new SharedArrayBuffer(900_000)
  const stream = detector.addStream<NamedFrame>({
    streamId: 'a',
    memory,
    weight: 1,
    detectFps: 0,
    onOutcome: (_frame, outcome) => outcomes.push(outcome),
  })
  clock.advance(5)
  stream.offer(offered('a1', 1_000, 300_000))
  const announced = threads.last.posted.find((message) => message.kind === 'memory')
  assert.equal(announced?.memory, memory)
  assert.deepEqual(threads.last.runs, [
    {
      kind: 'run',
      batchId: 1,
      width: 416,
      height: 234,
      memoryIds: [announced?.memoryId],
      byteOffsets: [300_000],
    },
  ])
  clock.advance(11)
  threads.last.answer(1_015)
  assert.deepEqual(outcomes, [
    {
      kind: 'detected',
      detections: [{ classIndex: 2, score: 0.5, left: 0.25, top: 0.25, width: 0.5, height: 0.5 }],
      stamps: { dispatchedAtMs: 1_005, inferredAtMs: 1_015, postedAtMs: 1_016, batchSize: 1 },
      model: { name: 'yolox-nano', sha256: card.prepared.sha256, classes: card.classes },
    },
  ])
  assert.equal(detector.batchSizes().total, 1)
  assert.deepEqual(detector.sessions(), [{ busyMs: 11, batches: 1 }])
  clock.advance(11)
  assert.equal(detector.status().utilization, 11 / 27)
})

test('Frames of one batch go back to their own streams.', async () => {
  const { clock, threads, outcomes, addStream } = await servingDetector({
    batchMax: 4,
    mode: 'efficient',
  })
  const streams = ['a', 'b', 'c'].map((id) => addStream(id))
  for (const [index, stream] of streams.entries()) stream.offer(offered(`s${index}`, 990 + index))
  threads.last.answer()
  // The first stream could still join, until the earliest deadline is near.
  clock.advance(185)
  assert.equal(threads.last.runs.at(-1)?.byteOffsets.length, 2)
  threads.last.answer()
  assert.deepEqual(outcomes.toSorted(), ['s0 detected', 's1 detected', 's2 detected'])
})

test('A frame that waits is superseded by a newer one, paced before it is due, late past its deadline.', async () => {
  const { clock, threads, outcomes, addStream } = await servingDetector()
  const a = addStream('a')
  const paced = addStream('p', 1)
  a.offer(offered('a1', 1_000))
  a.offer(offered('a2', 1_001))
  a.offer(offered('a3', 1_002))
  clock.advance(195)
  threads.last.answer()
  paced.offer(offered('p1', 1_195))
  threads.last.answer()
  paced.offer(offered('p2', 1_196))
  assert.deepEqual(outcomes, ['a2 superseded', 'a3 late', 'a1 detected', 'p1 detected', 'p2 paced'])
})

test('A detect rate that is set holds from the next frame on, of that stream only, and not after its end.', async () => {
  const { threads, outcomes, addStream } = await servingDetector()
  const shed = addStream('a')
  const other = addStream('b')
  shed.setDetectRate(1)
  shed.offer(offered('a1000', 1_000))
  threads.last.answer()
  other.offer(offered('b1000', 1_000))
  threads.last.answer()
  shed.offer(offered('a1040', 1_040))
  other.offer(offered('b1040', 1_040))
  threads.last.answer()
  assert.deepEqual(outcomes, ['a1000 detected', 'b1000 detected', 'a1040 paced', 'b1040 detected'])
  shed.setDetectRate(0)
  shed.offer(offered('a1080', 1_080))
  threads.last.answer()
  assert.deepEqual(outcomes.slice(4), ['a1080 detected'])
  shed[Symbol.dispose]()
  shed.setDetectRate(5)
})

test('A disposed stream has no frame under way, and what comes after it changes nothing.', async () => {
  const { threads, outcomes, addStream } = await servingDetector()
  const stream = addStream('a')
  stream.offer(offered('a1', 1_000))
  stream.offer(offered('a2', 1_001))
  stream[Symbol.dispose]()
  stream[Symbol.dispose]()
  assert.deepEqual(outcomes, ['a1 failed stream_closed', 'a2 failed stream_closed'])
  threads.last.answer()
  stream.offer(offered('a3', 1_002))
  assert.deepEqual(outcomes.slice(2), ['a3 failed stream_closed'])
  const again = addStream('a')
  again.offer(offered('b1', 1_003))
  threads.last.answer()
  assert.deepEqual(outcomes.slice(3), ['b1 detected'])
})

test('Two streams under one id serve side by side: a camera that changes its size opens the new one first.', async () => {
  const { threads, outcomes, addStream } = await servingDetector()
  const old = addStream('a')
  const young = addStream('a')
  old.offer(offered('old', 1_000))
  young.offer(offered('young', 1_000))
  old[Symbol.dispose]()
  threads.last.answer()
  threads.last.answer()
  assert.deepEqual(outcomes, ['old failed stream_closed', 'young detected'])
})

test('Whoever hears of an outcome may offer the next frame at once.', async () => {
  const { clock, threads, detector } = await servingDetector()
  const outcomes: string[] = []
  const stream = detector.addStream<NamedFrame>({
    streamId: 'a',
    memory: new SharedArrayBuffer(300_000),
    weight: 1,
    detectFps: 0,
    onOutcome: (frame, { kind }) => {
      outcomes.push(`${frame.name} ${kind}`)
      if (outcomes.length < 4) stream.offer(offered(`${frame.name}'`, clock.nowMs()))
    },
  })
  stream.offer(offered('a', 1_000))
  stream.offer(offered('b', 1_001))
  clock.advance(500)
  threads.last.answer()
  threads.last.answer()
  assert.deepEqual(outcomes, ['b late', 'a detected', "b' detected"])
})

test('Disposing lets what runs come to its end, fails what waits, and leaves no timer.', async () => {
  const { clock, threads, detector, outcomes, addStream } = await servingDetector()
  const stream = addStream('a')
  stream.offer(offered('a1', 1_000))
  stream.offer(offered('a2', 1_001))
  const disposed = detector[Symbol.asyncDispose]()
  assert.equal(threads.last.wasAskedToLeave, false)
  assert.equal(detector.status().ready, false)
  threads.last.answer()
  await clock.advanceAsync(10)
  assert.equal(threads.last.wasAskedToLeave, true)
  threads.last.exit(0)
  await disposed
  assert.deepEqual(outcomes, ['a1 detected', 'a2 failed detector_closed'])
  assert.equal(clock.pendingCount, 0)
  await detector[Symbol.asyncDispose]()
  addStream('b').offer(offered('b1', 1_000))
  assert.deepEqual(outcomes.slice(2), ['b1 failed stream_closed'])
})

test('Disposing does not wait for ever for a worker that hangs.', async () => {
  const { clock, threads, detector, outcomes, addStream } = await servingDetector()
  addStream('a').offer(offered('a1', 1_000))
  const disposed = detector[Symbol.asyncDispose]()
  await clock.advanceAsync(3_000, 100)
  await disposed
  assert.deepEqual(outcomes, ['a1 failed detector_closed'])
  assert.ok(threads.last.isAbandoned)
})
