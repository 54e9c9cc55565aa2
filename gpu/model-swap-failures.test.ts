import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { offered } from './inference.fixture.ts'
import { only, request, second, serving, settled, smaller } from './model-swap.fixture.ts'

describe('A model that cannot serve', () => {
  const refusals = [
    { code: 'model_missing', message: 'model file x.onnx is missing' },
    { code: 'model_altered', message: 'model file x.onnx is another one' },
    { code: 'self_test_failed', message: 'colours are swapped' },
    { code: 'provider_unavailable', message: 'cuda: libcublas is missing' },
  ] as const

  for (const { code, message } of refusals)
    test(`is refused with ${code}: nothing changes, and the next one may be tried.`, async () => {
      const { clock, detector, old, outcomes, addStream, startSwap } = await serving()
      const stream = addStream('a')
      stream.offer(offered('a1', 1_000))
      const { swapped, next } = startSwap()
      only(next).say({ kind: 'refused', code, message })
      only(next).exit(0)
      await assert.rejects(swapped, { name: 'InferenceError', code, message })
      const { model, swap, lastSwapFailure, ready } = detector.status()
      assert.deepEqual([model.name, swap, ready], ['yolox-nano', null, true])
      const failedAtMs = clock.nowMs()
      assert.deepEqual(lastSwapFailure, { model: 'second', code, message, failedAtMs })
      old.answer()
      stream.offer(offered('a2', 1_001))
      old.answer()
      assert.deepEqual(outcomes, ['a1 detected yolox-nano', 'a2 detected yolox-nano'])

      const again = startSwap()
      only(again.next).ready(10, 1, second)
      await settled()
      old.exit(0)
      await again.swapped
      assert.equal(detector.status().lastSwapFailure, null)
    })

  for (const end of ['exit', 'error'] as const)
    test(`because its worker ends (${end}) while it loads changes nothing.`, async () => {
      const { detector, old, outcomes, addStream, startSwap } = await serving()
      const stream = addStream('a')
      const { swapped, next } = startSwap()
      if (end === 'error') only(next).fail(new Error('out of memory'))
      only(next).exit(1)
      await assert.rejects(swapped, { code: 'inference_lost' })
      stream.offer(offered('a1', 1_000))
      old.answer()
      assert.deepEqual(outcomes, ['a1 detected yolox-nano'])
      assert.equal(detector.status().restarts, 0, 'a worker that never served is not a lost one')
    })

  test('within two minutes is given up; its worker is asked to leave, not killed.', async () => {
    const { clock, detector, startSwap } = await serving()
    const { swapped, next } = startSwap()
    const rejected = assert.rejects(swapped, { code: 'start_timeout' })
    await clock.advanceAsync(130_000, 1_000)
    await rejected
    assert.ok(only(next).wasAskedToLeave && only(next).isAbandoned)
    assert.equal(detector.status().swap, null)
  })

  test('in one of its two sessions takes the other one with it.', async () => {
    const { startSwap, threads, old } = await serving({ sessions: 2 })
    const { swapped, next } = startSwap()
    const [fit, unfit] = next
    fit?.ready(10, 1, second)
    unfit?.say({ kind: 'refused', code: 'model_invalid', message: 'no' })
    unfit?.exit(0)
    await settled()
    assert.ok(fit?.wasAskedToLeave)
    fit.exit(0)
    await assert.rejects(swapped, { code: 'model_invalid' })
    assert.equal(old.wasAskedToLeave, false)
    assert.equal(threads.all.length, 4)
  })
})

describe('A detector that is disposed', () => {
  test('while a model loads ends both; the change is rejected, and no timer is left.', async () => {
    const { clock, detector, old, outcomes, addStream, startSwap } = await serving()
    addStream('a').offer(offered('a1', 1_000))
    const { swapped, next } = startSwap()
    const disposed = detector[Symbol.asyncDispose]()
    old.answer()
    await settled()
    assert.ok(old.wasAskedToLeave && only(next).wasAskedToLeave)
    old.exit(0)
    only(next).exit(0)
    await disposed
    await assert.rejects(swapped, { name: 'SwapError', code: 'detector_closed' })
    await assert.rejects(detector.swap(request), { code: 'detector_closed' })
    assert.deepEqual(outcomes, ['a1 detected yolox-nano'])
    assert.equal(clock.pendingCount, 0)
  })

  test('while one loads that does not let itself be ended takes no longer for it.', async () => {
    const { clock, detector, old, startSwap } = await serving()
    const { swapped, next } = startSwap()
    const disposed = detector[Symbol.asyncDispose]()
    old.exit(0)
    await clock.advanceAsync(1_600, 100)
    await disposed
    await assert.rejects(swapped, { code: 'detector_closed' })
    assert.ok(only(next).isAbandoned)
    assert.equal(clock.pendingCount, 0)
  })

  for (const { what, next: itsCard } of [
    { what: 'the former model still runs a batch', next: second },
    { what: 'streams have not moved yet', next: smaller },
  ])
    test(`while ${what} ends every frame, and all workers.`, async () => {
      const { clock, detector, old, outcomes, addStream, startSwap } = await serving()
      const stream = addStream('a')
      stream.offer(offered('a1', 1_000))
      stream.offer(offered('a2', 1_001))
      const { swapped, next } = startSwap()
      only(next).ready(10, 1, itsCard)
      await settled()
      const disposed = detector[Symbol.asyncDispose]()
      await clock.advanceAsync(3_000, 100)
      await disposed
      await swapped
      assert.deepEqual(outcomes, ['a1 failed detector_closed', 'a2 failed detector_closed'])
      assert.ok(old.isAbandoned && only(next).isAbandoned)
      assert.equal(clock.pendingCount, 0)
    })
})
