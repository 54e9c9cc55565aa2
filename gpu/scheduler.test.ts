import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dispatched, everyFrame, frameOf, names, polled, setUp } from './scheduler.fixture.ts'

test('A newer frame supersedes the one that waits.', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a1', 0), 10)
  scheduler.arrive('a', frameOf('a2', 33), 43)
  assert.deepEqual(undetected, ['a1 superseded'])
  assert.equal(polled(scheduler, 44), 'a2')
})

test('A frame that was captured before one already shown is superseded itself.', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a2', 33), 40)
  scheduler.arrive('a', frameOf('a1', 0), 41)
  assert.deepEqual(undetected, ['a1 superseded'])
  dispatched(scheduler, 42)
  scheduler.arrive('a', frameOf('a0', 20), 43)
  assert.deepEqual(undetected, ['a1 superseded', 'a0 superseded'])
})

test('Without a free session nothing is decided and nothing is lost.', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a1', 0), 10)
  assert.equal(polled(scheduler, 5_000, 0), 'idle')
  assert.deepEqual(undetected, [])
})

test('A frame whose result would come after its deadline is late; one that just makes it runs.', () => {
  const { scheduler, undetected } = setUp()
  for (const id of ['a', 'b']) scheduler.addStream(id, everyFrame)
  scheduler.arrive('a', frameOf('a1', 0), 10)
  scheduler.done(dispatched(scheduler, 10), 10)
  scheduler.arrive('a', frameOf('a2', 100), 120)
  scheduler.arrive('b', frameOf('b1', 101), 120)
  assert.equal(polled(scheduler, 291), 'b1')
  assert.deepEqual(undetected, ['a2 late'])
})

test('After half a second without any batch of its shape a frame goes although L95 says late, unless its deadline is past.', () => {
  const { scheduler, undetected } = setUp({ latencyMs: () => 900 })
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a1', 0), 10)
  scheduler.done(dispatched(scheduler, 10), 900)
  scheduler.arrive('a', frameOf('a2', 400), 410)
  assert.equal(polled(scheduler, 410), 'idle')
  scheduler.arrive('a', frameOf('a3', 433), 450)
  assert.equal(polled(scheduler, 650), 'idle')
  assert.deepEqual(undetected, ['a2 late', 'a3 late'])
  scheduler.arrive('a', frameOf('a4', 500), 510)
  assert.equal(polled(scheduler, 510), 'a4')
})

test('A stream with a frame in flight is not ready, and its newest frame goes once that is back.', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a1', 0), 10)
  const batch = dispatched(scheduler, 10, 2)
  scheduler.arrive('a', frameOf('a2', 33), 43)
  assert.equal(polled(scheduler, 43), 'idle')
  scheduler.arrive('a', frameOf('a3', 66), 76)
  scheduler.done(batch, 70)
  assert.equal(polled(scheduler, 80), 'a3')
  assert.deepEqual(undetected, ['a2 superseded'])
})

test('A batch that failed frees its streams and teaches no latency.', () => {
  const { scheduler } = setUp()
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a1', 0), 10)
  const batch = dispatched(scheduler, 10)
  assert.equal(scheduler.highMs(batch), 10)
  scheduler.failed(batch)
  scheduler.arrive('a', frameOf('a2', 33), 43)
  assert.equal(scheduler.highMs(dispatched(scheduler, 43)), 10)
})

test('A removed stream gives back what waits; its batch in flight still ends, and the id can come again.', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a1', 0), 10)
  const batch = dispatched(scheduler, 10)
  scheduler.arrive('a', frameOf('a2', 33), 43)
  assert.equal(scheduler.removeStream('a')?.name, 'a2')
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a3', 66), 70)
  scheduler.done(batch, 60)
  assert.equal(polled(scheduler, 71), 'a3')
  assert.equal(scheduler.removeStream('a'), null)
  assert.deepEqual(undetected, [])
  assert.throws(() => scheduler.arrive('a', frameOf('a4', 99), 99))
})

test('A frame before its stream is due is paced at once; due ones replace each other while they wait.', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('a', { weight: 1, detectFps: 10 })
  // Phase 0 of a period of 100 ms; the first frame goes at once, the next is due at 1100 - 16.
  for (let i = 0; i < 5; i++) {
    const atMs = 1000 + i * 33
    scheduler.arrive('a', frameOf(`a${i}`, atMs), atMs)
    if (i === 0) scheduler.done(dispatched(scheduler, atMs), 10)
  }
  assert.deepEqual(undetected, ['a1 paced', 'a2 paced', 'a3 superseded'])
  assert.equal(polled(scheduler, 1132), 'a4')
})

test('Cameras of one rate that start together are spread over the period.', () => {
  const { scheduler } = setUp()
  const ids = ['a', 'b', 'c', 'd']
  for (const id of ids) scheduler.addStream(id, { weight: 1, detectFps: 5 })
  const captures = new Map<string, number>()
  for (let atMs = 0; atMs < 1_000; atMs += 20)
    for (const id of ids) {
      scheduler.arrive(id, frameOf(id, atMs), atMs)
      for (let decision = scheduler.poll(atMs, 1); decision.kind === 'dispatch';) {
        captures.set(names(decision.batch), atMs)
        scheduler.done(decision.batch, 0)
        decision = scheduler.poll(atMs, 1)
      }
    }
  assert.equal(new Set(captures.values()).size, ids.length)
})

test('The stream whose result is oldest goes first; at like age the freshest frame.', () => {
  const { scheduler } = setUp()
  for (const id of ['a', 'b', 'c']) scheduler.addStream(id, everyFrame)
  for (const [index, id] of ['a', 'b', 'c'].entries()) {
    scheduler.arrive(id, frameOf(`${id}1`, index * 10), 30)
    scheduler.done(dispatched(scheduler, 30), 10)
  }
  scheduler.arrive('a', frameOf('a2', 100), 130)
  scheduler.arrive('b', frameOf('b2', 130), 131)
  scheduler.arrive('c', frameOf('c2', 110), 132)
  // age - 2 * staleness at 132: a 100 - 64, b 120 - 4, c 90 - 44.
  assert.equal(polled(scheduler, 132), 'b2')
})

test('Weight multiplies age.', () => {
  const { scheduler } = setUp()
  scheduler.addStream('light', everyFrame)
  scheduler.addStream('heavy', { weight: 4, detectFps: 0 })
  for (const id of ['light', 'heavy']) {
    scheduler.arrive(id, frameOf(id, id === 'light' ? 0 : 60), 60)
    scheduler.done(dispatched(scheduler, 60), 10)
  }
  for (const id of ['light', 'heavy']) scheduler.arrive(id, frameOf(id, 100), 100)
  assert.equal(polled(scheduler, 100), 'heavy')
})

test('A detect rate that is set while load is shed holds from the next frame on.', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('a', everyFrame)
  scheduler.arrive('a', frameOf('a1', 1000), 1000)
  scheduler.done(dispatched(scheduler, 1000), 10)
  scheduler.setDetectRate('a', 1)
  scheduler.arrive('a', frameOf('a2', 1040), 1040)
  assert.deepEqual(undetected, ['a2 paced'])
})

test('A frame costs the scheduler next to no memory.', () => {
  const { scheduler } = setUp()
  const ids = Array.from({ length: 16 }, (_, index) => `s${index}`)
  // Written anew for each arrival: the test's own frames must not be counted.
  const frames = ids.map((name) => ({
    name,
    capturedAtMs: 0,
    deadlineAtMs: 0,
    width: 416,
    height: 234,
  }))
  for (const id of ids) scheduler.addStream(id, everyFrame)
  let nowMs = 1_000.5
  const feed = (count: number): void => {
    for (let i = 0; i < count; i++) {
      nowMs += 2.1
      const frame = frames[i % 16]
      assert.ok(frame)
      frame.capturedAtMs = nowMs - 10
      frame.deadlineAtMs = nowMs + 200
      scheduler.arrive(frame.name, frame, nowMs)
      const decision = scheduler.poll(nowMs, 1)
      if (decision.kind === 'dispatch') scheduler.done(decision.batch, 9)
    }
  }
  feed(100_000)
  const before = process.memoryUsage().heapUsed
  feed(20_000)
  const bytes = (process.memoryUsage().heapUsed - before) / 20_000
  // Measured: 11, boxed instants. A list or a closure a frame would be 60 to 200.
  assert.ok(bytes < 50, `${bytes} bytes a frame`)
})

test('A shape whose first runs were slow is not late for ever while another shape keeps the device busy.', () => {
  const { scheduler, undetected } = setUp({ latencyMs: () => 10 })
  scheduler.addStream('wide', everyFrame)
  scheduler.addStream('tall', everyFrame)
  let tallRuns = 0
  for (let nowMs = 0; nowMs < 10_000; nowMs += 40) {
    scheduler.arrive('wide', frameOf(`w${nowMs}`, nowMs), nowMs)
    scheduler.arrive('tall', frameOf(`t${nowMs}`, nowMs, 200, 416), nowMs)
    for (let ranMs = 0; ranMs < 30; ranMs += 10) {
      const decision = scheduler.poll(nowMs + ranMs, 1)
      if (decision.kind !== 'dispatch') break
      const isTall = names(decision.batch).startsWith('t')
      if (isTall) tallRuns++
      // A cold start, three times over, on a machine that is busy with something else.
      scheduler.done(decision.batch, isTall && tallRuns <= 3 ? 400 : 10)
    }
  }
  const late = undetected.filter((line) => /^t.* late$/.test(line)).length
  assert.ok(tallRuns >= 240 && late <= 10, `${tallRuns} of 250 ran, ${late} were late`)
})

test('A shape that has become slow for a while is tried again every half second.', () => {
  const { scheduler } = setUp({ latencyMs: () => 10 })
  scheduler.addStream('wide', everyFrame)
  scheduler.addStream('tall', everyFrame)
  let runsWhileSlow = 0
  let runsAfter = 0
  for (let nowMs = 0; nowMs < 60_000; nowMs += 40) {
    const isSlow = nowMs >= 2_000 && nowMs < 10_000
    scheduler.arrive('wide', frameOf(`w${nowMs}`, nowMs), nowMs)
    scheduler.arrive('tall', frameOf(`t${nowMs}`, nowMs, 200, 416), nowMs)
    for (let ranMs = 0; ranMs < 30; ranMs += 10) {
      const decision = scheduler.poll(nowMs + ranMs, 1)
      if (decision.kind !== 'dispatch') break
      const isTall = names(decision.batch).startsWith('t')
      if (isTall && isSlow) runsWhileSlow++
      if (isTall && nowMs >= 40_000) runsAfter++
      scheduler.done(decision.batch, isTall && isSlow ? 900 : 10)
    }
  }
  assert.ok(runsWhileSlow >= 16, `${runsWhileSlow} runs in 8 s`)
  assert.ok(runsAfter >= 450, `${runsAfter} of 500 frames ran again`)
})
