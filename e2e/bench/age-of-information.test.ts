import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ages, jain, meanAndP99 } from './age-of-information.ts'

test('the age rises from a result to the next', () => {
  // Frames sent every 100 ms, each result 20 ms later: ages run from 20 to 120 ms.
  const results = Array.from({ length: 100 }, (_, index) => ({
    sentAtMs: index * 100,
    receivedAtMs: index * 100 + 20,
  }))
  const { meanMs, p99Ms } = meanAndP99(ages(results, { fromMs: 1_000, toMs: 9_000 }))
  assert.ok(Math.abs(meanMs - 67.5) < 1, String(meanMs))
  assert.ok(p99Ms >= 110 && p99Ms <= 120, String(p99Ms))
})

test('an older frame whose result comes late makes nothing younger', () => {
  const results = [
    { sentAtMs: 100, receivedAtMs: 110 },
    { sentAtMs: 50, receivedAtMs: 120 },
  ]
  assert.deepEqual(ages(results, { fromMs: 200, toMs: 200 }), [100])
})

test('nobody has an age before the first result', () => {
  assert.deepEqual(ages([], { fromMs: 0, toMs: 100 }), [])
  assert.equal(meanAndP99([]).meanMs, Number.NaN)
})

test('Jain is 1 for equals and 1/n where one has it all', () => {
  assert.equal(jain([5, 5, 5, 5]), 1)
  assert.equal(jain([20, 0, 0, 0]), 0.25)
})
