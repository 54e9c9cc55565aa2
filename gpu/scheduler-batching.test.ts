import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dispatched, everyFrame, frameOf, names, polled, setUp } from './scheduler.fixture.ts'

test('The first in order fixes the shape; only streams of that shape join.', () => {
  const { scheduler } = setUp({ batchMax: 4, latencyMs: (batchSize) => batchSize + 30 })
  for (const id of ['a', 'b', 'c', 'd']) scheduler.addStream(id, everyFrame)
  scheduler.arrive('a', frameOf('a1', 3, 200, 312), 10)
  scheduler.arrive('b', frameOf('b1', 2), 10)
  scheduler.arrive('c', frameOf('c1', 1, 200, 312), 10)
  scheduler.arrive('d', frameOf('d1', 0), 10)
  const first = dispatched(scheduler, 10)
  assert.equal(names(first), 'a1 c1')
  scheduler.done(first, 30)
  assert.equal(polled(scheduler, 40), 'b1 d1')
})

const shrinking = [
  // L95(b) = 10 b + 40; b* = min(4, sqrt(4 * 40 / 10)) = 4.
  { leftMs: 80, batch: 'a b c d' },
  { leftMs: 79, batch: 'a b c' },
  { leftMs: 70, batch: 'a b c' },
  { leftMs: 60, batch: 'a b' },
  { leftMs: 59, batch: 'a' },
  { leftMs: 50, batch: 'a' },
]

for (const { leftMs, batch } of shrinking)
  test(`With ${leftMs} ms to the earliest deadline the batch is: ${batch}.`, () => {
    const { scheduler } = setUp({ batchMax: 4, latencyMs: (batchSize) => 10 * batchSize + 40 })
    for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) {
      scheduler.addStream(id, everyFrame)
      scheduler.arrive(id, frameOf(id, 100 - index, 100 + index), 100)
    }
    // Deadlines are all at 200.
    assert.equal(polled(scheduler, 200 - leftMs), batch)
  })

test('A tight deadline shrinks the batch only while its frame is among the first.', () => {
  const { scheduler } = setUp({ batchMax: 4, latencyMs: (batchSize) => 10 * batchSize + 40 })
  for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) {
    scheduler.addStream(id, everyFrame)
    scheduler.arrive(id, frameOf(id, 100 - index, id === 'd' ? 60 : 500), 100)
  }
  assert.equal(polled(scheduler, 100), 'a b c')
})

/** Four streams at 40 ms intervals that were served once; c and d are expected at 1042 and 1043. */
function twoOfFour(latencyMs: (batchSize: number) => number, budgetMs: number) {
  const set = setUp({ batchMax: 4, latencyMs })
  const { scheduler } = set
  for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) {
    scheduler.addStream(id, everyFrame)
    for (const atMs of [960, 1000])
      scheduler.arrive(id, frameOf(id, atMs + index, 500), atMs + index)
  }
  scheduler.done(dispatched(scheduler, 1004), latencyMs(4))
  scheduler.arrive('a', frameOf('a', 1036, budgetMs), 1036)
  scheduler.arrive('b', frameOf('b', 1037, budgetMs), 1037)
  return scheduler
}

const waiting = [
  // beta 40: two frames that wait 6 ms for c cost 12 and save 40.
  { name: 'pays', alphaMs: 10, betaMs: 40, budgetMs: 500, expected: 'wait 1043' },
  { name: 'costs more than it saves', alphaMs: 1, betaMs: 11, budgetMs: 500, expected: 'b a' },
  { name: 'would miss the deadline', alphaMs: 10, betaMs: 40, budgetMs: 77, expected: 'b a' },
]

for (const { name, alphaMs, betaMs, budgetMs, expected } of waiting)
  test(`A wait for the next arrival that ${name}: ${expected}.`, () => {
    const scheduler = twoOfFour((batchSize) => alphaMs * batchSize + betaMs, budgetMs)
    assert.equal(polled(scheduler, 1037), expected)
  })

test('Arrivals that do not come are not waited for one after the other.', () => {
  const scheduler = twoOfFour((batchSize) => 10 * batchSize + 40, 500)
  let nowMs = 1037
  for (let polls = 0; polls < 10; polls++) {
    const decision = scheduler.poll(nowMs, 1)
    if (decision.kind !== 'wait') break
    assert.ok(decision.atMs > nowMs)
    nowMs = decision.atMs
  }
  assert.ok(nowMs < 1037 + 40, `gave up waiting at ${nowMs}`)
})

test('Several free sessions share what is ready.', () => {
  const { scheduler } = setUp({ batchMax: 4, latencyMs: (batchSize) => batchSize + 30 })
  for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) {
    scheduler.addStream(id, everyFrame)
    scheduler.arrive(id, frameOf(id, 10 - index), 10)
  }
  assert.equal(polled(scheduler, 10, 2), 'a b')
  assert.equal(polled(scheduler, 10, 1), 'c d')
})

test('Efficient waits for the latest start that meets the earliest deadline, fresh does not.', () => {
  for (const { mode, expected } of [
    { mode: 'fresh', expected: 'a' },
    { mode: 'efficient', expected: 'wait 183' },
  ] as const) {
    const { scheduler } = setUp({ batchMax: 4, mode, latencyMs: (batchSize) => 8 * batchSize })
    for (const id of ['a', 'b']) scheduler.addStream(id, everyFrame)
    scheduler.arrive('b', frameOf('b', 90), 90)
    scheduler.done(dispatched(scheduler, 190), 8)
    scheduler.arrive('a', frameOf('a', 0), 10)
    // 200 - L95(2) - 1
    assert.equal(polled(scheduler, 20), expected)
    if (mode === 'efficient') assert.equal(polled(scheduler, 183), 'a')
  }
})

test('Efficient does not wait when nobody else could join.', () => {
  const { scheduler } = setUp({ batchMax: 4, mode: 'efficient' })
  for (const id of ['a', 'b']) scheduler.addStream(id, everyFrame)
  scheduler.arrive('a', frameOf('a', 1), 10)
  scheduler.arrive('b', frameOf('b', 0), 10)
  assert.equal(polled(scheduler, 11), 'a b')
})

test('Large batches that were slow for a while come back once they are not.', () => {
  const fastMs = (batchSize: number): number => 2 * batchSize + 12
  const { scheduler } = setUp({ batchMax: 8, latencyMs: fastMs })
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  for (const id of ids) scheduler.addStream(id, everyFrame)
  const sizesAfter: number[] = []
  let nowMs = 0
  while (nowMs < 60_000) {
    for (const [index, id] of ids.entries())
      scheduler.arrive(id, frameOf(id, nowMs - index, 100), nowMs)
    const batch = dispatched(scheduler, nowMs)
    const isSlow = nowMs >= 2_000 && nowMs < 12_000
    const { size } = batch
    // Only batches beyond four suffer: a device that is short of memory, say.
    const ms = isSlow && size > 4 ? 150 : fastMs(size)
    nowMs += ms
    scheduler.done(batch, ms)
    // b* = sqrt(8 * 12 / 2), about 7.
    if (nowMs > 27_000) sizesAfter.push(size)
  }
  const large = sizesAfter.filter((size) => size >= 7).length / sizesAfter.length
  assert.ok(large > 0.95, `${Math.round(large * 100)} % of the batches are large again`)
})
