import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dispatched, everyFrame, frameOf, names, polled, setUp } from './scheduler.fixture.ts'

const spare = { weight: 1, detectFps: 0, class: 'spare' as const }

test('A spare frame runs only while no live frame is ready, whatever its weight.', () => {
  const { scheduler } = setUp()
  scheduler.addStream('live', everyFrame)
  scheduler.addStream('spare', { ...spare, weight: 100 })
  scheduler.arrive('spare', frameOf('s1', 0, Infinity), 10)
  scheduler.arrive('live', frameOf('a1', 5), 10)
  const first = dispatched(scheduler, 10)
  assert.equal(names(first), 'a1')
  scheduler.done(first, 10)
  assert.equal(polled(scheduler, 20), 's1')
})

test('Spare frames never share a batch with live ones.', () => {
  const { scheduler } = setUp({ batchMax: 4, latencyMs: (batchSize) => batchSize + 30 })
  for (const id of ['a', 'b']) scheduler.addStream(id, everyFrame)
  for (const id of ['s', 't']) scheduler.addStream(id, spare)
  for (const id of ['s', 't']) scheduler.arrive(id, frameOf(id, 0, Infinity), 10)
  for (const [index, id] of ['a', 'b'].entries())
    scheduler.arrive(id, frameOf(id, 5 - index, 300), 10)
  assert.equal(polled(scheduler, 10), 'a b')
  assert.equal(polled(scheduler, 45), 's t')
})

const untilLive = [
  // A live frame is expected at 1100 with 200 ms left: two batches, the spare and its own, end by 1300 or not.
  { batchMs: 110, expected: 's1' },
  { batchMs: 111, expected: 'wait 1180' },
]

for (const { batchMs, expected } of untilLive)
  test(`A spare batch of ${batchMs} ms at 1080, before a live one that must end by 1300: ${expected}.`, () => {
    const { scheduler } = setUp({ latencyMs: () => batchMs })
    scheduler.addStream('live', everyFrame)
    for (const nowMs of [900, 1_000]) {
      scheduler.arrive('live', frameOf('a', nowMs), nowMs)
      scheduler.done(dispatched(scheduler, nowMs), batchMs)
    }
    scheduler.addStream('spare', spare)
    scheduler.arrive('spare', frameOf('s1', 0, Infinity), 1_050)
    assert.equal(polled(scheduler, 1_080), expected)
  })

test('Spare work takes a tenth of the device, counted over any five seconds, and all of it is used.', () => {
  for (const ms of [5, 40, 150]) {
    const { scheduler } = setUp({ latencyMs: () => ms })
    scheduler.addStream('spare', spare)
    const starts: number[] = []
    let nowMs = 0
    let capturedAtMs = 0
    scheduler.arrive('spare', frameOf('s', capturedAtMs++, Infinity), nowMs)
    while (nowMs < 60_000) {
      const decision = scheduler.poll(nowMs, 1)
      if (decision.kind === 'wait') nowMs = decision.atMs
      if (decision.kind !== 'dispatch') continue
      starts.push(nowMs)
      nowMs += ms
      scheduler.done(decision.batch, ms)
      scheduler.arrive('spare', frameOf('s', capturedAtMs++, Infinity), nowMs)
    }
    const totalMs = starts.length * ms
    assert.ok(totalMs > 5_500 && totalMs <= 6_200 + ms, `${totalMs} ms of 60 s at ${ms} ms a batch`)
    for (const startMs of starts) {
      const within = starts.filter((atMs) => atMs >= startMs && atMs < startMs + 5_000)
      assert.ok(within.length * ms <= 500 + 200 + ms, `${within.length} batches in 5 s`)
    }
  }
})

test('A spare stream that offers the next frame when the last has ended loses none.', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('live', everyFrame)
  scheduler.addStream('spare', spare)
  let detected = 0
  let nextSpare = 0
  scheduler.arrive('spare', frameOf('s', nextSpare++, Infinity), 0)
  for (let nowMs = 0; nowMs < 20_000; nowMs += 20) {
    // Live frames leave half of the device; spare work may only use a tenth.
    scheduler.arrive('live', frameOf('a', nowMs), nowMs)
    for (const atMs of [nowMs, nowMs + 10]) {
      const decision = scheduler.poll(atMs, 1)
      if (decision.kind !== 'dispatch') continue
      const isSpare = names(decision.batch) === 's'
      scheduler.done(decision.batch, 10)
      if (!isSpare) continue
      detected++
      scheduler.arrive('spare', frameOf('s', nextSpare++, Infinity), atMs)
    }
  }
  assert.deepEqual(undetected, [])
  assert.ok(detected >= 190 && detected <= 221, `${detected} spare frames of 10 ms in 20 s`)
})

test('A removed spare stream gives back what waits.', () => {
  const { scheduler } = setUp()
  scheduler.addStream('spare', spare)
  scheduler.arrive('spare', frameOf('s1', 0, Infinity), 0)
  assert.equal(scheduler.removeStream('spare')?.name, 's1')
  assert.equal(polled(scheduler, 1), 'idle')
})
