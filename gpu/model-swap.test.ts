import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type NamedFrame, offered } from './inference.fixture.ts'
import { only, request, second, serving, settled } from './model-swap.fixture.ts'

describe('A model that wants the same pixels', () => {
  test('takes over between two batches: the former ends what it runs, results keep their order.', async () => {
    const { detector, old, outcomes, outdated, addStream, startSwap } = await serving()
    const a = addStream('a')
    const b = addStream('b')
    a.offer(offered('a1', 1_000))
    a.offer(offered('a2', 1_001))
    const { swapped, next } = startSwap()
    const young = only(next)
    young.ready(10, 1, second)
    await settled()
    assert.equal(detector.status().model.name, 'second')
    assert.equal(detector.status().swap?.phase, 'switching')
    assert.equal(young.runs.length, 0, 'a waits for its own earlier frame')
    b.offer(offered('b1', 1_002))
    assert.equal(young.runs.length, 1)
    young.answer()
    assert.equal(old.wasAskedToLeave, false, 'it still runs a1')
    old.answer()
    await settled()
    assert.equal(old.wasAskedToLeave, true)
    young.answer()
    old.exit(0)
    const result = await swapped
    assert.deepEqual(outcomes, [
      'b1 detected second',
      'a1 detected yolox-nano',
      'a2 detected second',
    ])
    assert.equal(result.samePixels, true)
    assert.deepEqual([result.from.name, result.to.name], ['yolox-nano', 'second'])
    assert.deepEqual(outdated, [])
    assert.equal(detector.status().swap, null)
    assert.equal(old.runs.length, 1, 'and nothing came to it afterwards')
  })

  test('waits for what the former one runs, however long that takes.', async () => {
    const { clock, old, outcomes, addStream, startSwap } = await serving()
    addStream('a').offer(offered('a1', 1_000))
    const { swapped, next } = startSwap()
    only(next).ready(10, 1, second)
    await clock.advanceAsync(1_900, 100)
    assert.equal(old.wasAskedToLeave, false)
    old.answer()
    await settled()
    old.exit(0)
    await swapped
    assert.deepEqual(outcomes, ['a1 detected yolox-nano'])
  })

  test('knows the memory of every stream, also of those that came while it loaded, and of none that went.', async () => {
    const { old, addStream, startSwap } = await serving()
    const gone = addStream('gone')
    const a = addStream('a')
    const { next } = startSwap()
    const b = addStream('b')
    gone[Symbol.dispose]()
    const young = only(next)
    young.ready(10, 1, second)
    await settled()
    a.offer(offered('a1', 1_000, 3))
    young.answer()
    b.offer(offered('b1', 1_001, 6))
    young.answer()
    const announced = young.posted.filter(({ kind }) => kind === 'memory')
    assert.equal(announced.length, 2)
    assert.equal(new Set(young.runs.flatMap(({ memoryIds }) => memoryIds)).size, 2)
    assert.deepEqual(
      young.posted.map(({ kind }) => kind),
      ['memory', 'memory', 'run', 'run'],
    )
    assert.equal(old.runs.length, 0)
  })

  test('brings its own largest batch and its own latencies.', async () => {
    const { clock, old, outcomes, addStream, startSwap } = await serving({ mode: 'efficient' })
    const streams = ['a', 'b', 'c'].map((id) => addStream(id))
    const { swapped, next } = startSwap({ batchMax: 4 })
    const young = only(next)
    assert.equal(young.boot.batchMax, 4)
    young.ready(1, 4, second)
    await settled()
    old.exit(0)
    await swapped
    for (const [index, stream] of streams.entries())
      stream.offer(offered(`s${index}`, 1_000 + index))
    young.answer()
    // The first stream could still join, until the earliest deadline is near.
    clock.advance(198)
    young.answer()
    assert.deepEqual(
      young.runs.map(({ byteOffsets }) => byteOffsets.length),
      [1, 2],
    )
    assert.equal(outcomes.length, 3)
  })

  test('keeps the pace of its streams: the frame before the change counts.', async () => {
    const { clock, detector, old, startSwap, threads } = await serving()
    const outcomes: string[] = []
    const stream = detector.addStream<NamedFrame>({
      streamId: 'a',
      memory: new SharedArrayBuffer(416 * 234 * 3),
      weight: 1,
      detectFps: 1,
      onOutcome: ({ name }, { kind }) => outcomes.push(`${name} ${kind}`),
    })
    stream.offer(offered('a1', clock.nowMs()))
    old.answer()
    startSwap()
    threads.last.ready(10, 1, second)
    await settled()
    clock.advance(100)
    stream.offer(offered('a2', clock.nowMs()))
    assert.deepEqual(outcomes, ['a1 detected', 'a2 paced'])
  })

  test('may be the same model on another provider, in other sessions.', async () => {
    const { detector, old, startSwap } = await serving()
    const { swapped, next } = startSwap({ executionProviders: ['tensorrt'], sessions: 2 })
    assert.deepEqual(
      next.map(({ boot }) => [boot.executionProviders, boot.photoPath]),
      [
        [['tensorrt'], 'photo.jpg'],
        [['tensorrt'], 'photo.jpg'],
      ],
    )
    for (const thread of next) thread.ready()
    await settled()
    old.exit(0)
    await swapped
    assert.equal(detector.sessions().length, 2)
  })
})

describe('While a model is changed', () => {
  test('the status says how far it is.', async () => {
    const { clock, detector, old, startSwap } = await serving()
    assert.equal(detector.status().swap, null)
    const startedAtMs = clock.nowMs()
    const { swapped, next } = startSwap()
    const phase = () => detector.status().swap
    assert.deepEqual(phase(), { model: 'second', phase: 'loading', startedAtMs })
    clock.advance(1_000)
    only(next).say({ kind: 'loaded' })
    assert.deepEqual(phase(), { model: 'second', phase: 'testing', startedAtMs })
    clock.advance(500)
    only(next).ready(10, 1, second)
    await settled()
    assert.deepEqual(phase(), { model: 'second', phase: 'switching', startedAtMs })
    clock.advance(20)
    old.exit(0)
    const { loadMs, switchMs } = await swapped
    assert.deepEqual([loadMs, switchMs, phase()], [1_500, 20, null])
  })

  test('a second change is refused, and the first goes on.', async () => {
    const { detector, old, startSwap, threads } = await serving()
    const { swapped, next } = startSwap()
    await assert.rejects(detector.swap({ ...request, name: 'third' }), {
      name: 'SwapError',
      code: 'swap_in_progress',
      retryable: true,
    })
    assert.equal(threads.all.length, 2, 'nothing was started for it')
    only(next).ready(10, 1, second)
    await settled()
    old.exit(0)
    await swapped
    assert.equal(detector.status().model.name, 'second')
  })

  test('a worker of the former model that is lost fails its own frames only, and the change comes to its end.', async () => {
    const { old, outcomes, addStream, startSwap, threads } = await serving()
    const [a, b] = [addStream('a'), addStream('b')]
    a.offer(offered('a1', 1_000))
    const { swapped, next } = startSwap()
    only(next).ready(10, 1, second)
    await settled()
    b.offer(offered('b1', 1_001))
    old.exit(1)
    only(next).answer()
    a.offer(offered('a2', 1_002))
    only(next).answer()
    await settled()
    assert.ok(threads.last.wasAskedToLeave, 'what replaced it is not needed any more')
    threads.last.exit(0)
    await swapped
    assert.deepEqual(outcomes, [
      'a1 failed inference_lost',
      'b1 detected second',
      'a2 detected second',
    ])
  })

  test('a worker that is lost while nothing is loaded yet is replaced by one with the former model.', async () => {
    const { detector, old, outcomes, addStream, startSwap, threads } = await serving()
    const stream = addStream('a')
    const { swapped, next } = startSwap()
    old.exit(1)
    const again = threads.last
    assert.notEqual(again, only(next))
    assert.equal(again.boot.modelPath, 'model.onnx')
    again.ready()
    stream.offer(offered('a1', 1_000))
    again.answer()
    only(next).ready(10, 1, second)
    await settled()
    again.exit(0)
    await swapped
    assert.deepEqual(outcomes, ['a1 detected yolox-nano'])
    assert.equal(detector.status().restarts, 1, 'counted on, although its sessions are gone')
  })

  test('a worker of the new model that is lost is replaced by one with the new model.', async () => {
    const { detector, old, startSwap, threads } = await serving()
    const { swapped, next } = startSwap()
    only(next).ready(10, 1, second)
    await settled()
    old.exit(0)
    await swapped
    only(next).exit(1)
    assert.equal(threads.last.boot.modelPath, 'second.onnx')
    threads.last.ready(10, 1, second)
    assert.equal(detector.status().ready, true)
  })
})
