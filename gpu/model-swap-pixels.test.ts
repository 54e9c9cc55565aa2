import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DetectorStream } from './detector.ts'
import { type NamedFrame, offered } from './inference.fixture.ts'
import { described, only, serving, settled, smaller } from './model-swap.fixture.ts'

describe('A model that wants other pixels', () => {
  test('serves beside the former one until the streams have moved; no batch has frames of both.', async () => {
    const { detector, old, outcomes, outdated, addStream, startSwap } = await serving({
      batchMax: 4,
      mode: 'efficient',
    })
    const source = { width: 1920, height: 1080 }
    assert.equal(detector.inputGeometry(source).width, 416)
    const [a, b] = [addStream('a'), addStream('b')]
    const { swapped, next } = startSwap()
    const young = only(next)
    young.ready(10, 4, smaller)
    await settled()
    assert.deepEqual(outdated, ['a', 'b'])
    assert.equal(detector.inputGeometry(source).width, 320)
    assert.equal(detector.status().model.name, 'second')
    assert.equal(detector.status().swap?.phase, 'switching')

    // The same shape, as it happens: what decides is whose pixels they are.
    const moved = addStream('a')
    a.offer(offered('a1', 1_000))
    moved.offer(offered('a2', 1_001))
    b.offer(offered('b1', 1_002))
    assert.deepEqual([old.runs.length, young.runs.length], [1, 1])
    young.answer()
    old.answer()
    a[Symbol.dispose]()
    await settled()
    assert.equal(old.wasAskedToLeave, false, 'b is still there')
    // Nobody but b is left there: it need not wait.
    b.offer(offered('b2', 1_003))
    old.answer()
    b[Symbol.dispose]()
    await settled()
    assert.equal(old.wasAskedToLeave, true)
    old.exit(0)
    const { samePixels } = await swapped
    assert.equal(samePixels, false)
    assert.equal(young.runs.length, 1)
    assert.deepEqual(outcomes.toSorted(), [
      'a1 detected yolox-nano',
      'a2 detected second',
      'b1 superseded',
      'b2 detected yolox-nano',
    ])
  })

  test('leaves streams whose owners move at once no time with the former one.', async () => {
    const { clock, detector, old, startSwap } = await serving()
    const outcomes: string[] = []
    const move = () => {
      stream[Symbol.dispose]()
      stream = added()
    }
    const added = () =>
      detector.addStream<NamedFrame>({
        streamId: 'a',
        memory: new SharedArrayBuffer(416 * 234 * 3),
        weight: 1,
        detectFps: 0,
        onOutcome: ({ name }, outcome) => outcomes.push(`${name} ${described(outcome)}`),
        onOutdated: move,
      })
    let stream: DetectorStream<NamedFrame> = added()
    const { swapped, next } = startSwap()
    only(next).ready(10, 1, smaller)
    await settled()
    stream.offer(offered('a1', clock.nowMs()))
    only(next).answer()
    old.exit(0)
    await swapped
    assert.deepEqual(outcomes, ['a1 detected second'])
  })

  test('takes over after a minute from streams that do not move: their frames fail, and say why.', async () => {
    const { clock, old, outcomes, addStream, startSwap } = await serving()
    const stream = addStream('a')
    const { swapped, next } = startSwap()
    only(next).ready(10, 1, smaller)
    await settled()
    stream.offer(offered('a1', clock.nowMs()))
    old.answer()
    await clock.advanceAsync(59_000, 1_000)
    stream.offer(offered('a2', clock.nowMs()))
    old.answer()
    await clock.advanceAsync(1_000)
    old.exit(0)
    await swapped
    stream.offer(offered('a3', clock.nowMs()))
    assert.deepEqual(outcomes, [
      'a1 detected yolox-nano',
      'a2 detected yolox-nano',
      'a3 failed stream_closed',
    ])
  })

  test('has a former one whose lost worker starts again with the former model, as long as streams need it.', async () => {
    const { old, outcomes, addStream, startSwap, threads } = await serving()
    const stream = addStream('a')
    const { swapped, next } = startSwap()
    only(next).ready(10, 1, smaller)
    await settled()
    old.exit(1)
    const again = threads.last
    assert.equal(again.boot.modelPath, 'model.onnx')
    again.ready()
    stream.offer(offered('a1', 1_000))
    again.answer()
    stream[Symbol.dispose]()
    await settled()
    again.exit(0)
    await swapped
    assert.deepEqual(outcomes, ['a1 detected yolox-nano'])
  })
})
