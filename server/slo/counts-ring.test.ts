import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { CountsRing } from './counts-ring.ts'

test('a window takes in its whole buckets and the current one, and lets go of older ones', () => {
  const ring = new CountsRing({ bucketMs: 10, buckets: 4 })
  ring.add(0, 1, 2)
  ring.add(9, 1, 1)
  ring.add(15, 0, 5)
  assert.deepEqual(ring.sum(19, 30), { good: 2, total: 8 })
  assert.deepEqual(ring.sum(19, 10), { good: 2, total: 8 })
  assert.deepEqual(ring.sumWhole(19, 30), { good: 2, total: 3 })
  assert.deepEqual(ring.sumWhole(20, 10), { good: 0, total: 5 })
  assert.deepEqual(ring.sum(20, 10), { good: 0, total: 5 })
  assert.deepEqual(ring.sum(39, 30), { good: 2, total: 8 })
  assert.deepEqual(ring.sum(40, 30), { good: 0, total: 5 })
  assert.deepEqual(ring.sum(1_000_000, 30), { good: 0, total: 0 })
})

test('a window longer than the ring is as long as the ring', () => {
  const ring = new CountsRing({ bucketMs: 10, buckets: 3 })
  for (let atMs = 0; atMs < 100; atMs += 10) ring.add(atMs, 1, 1)
  assert.equal(ring.sum(99, 1000).total, 3)
})

test('it says what a list of all that was ever counted would say', () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 0, max: 70 }),
    good: fc.integer({ min: 0, max: 9 }),
    bad: fc.integer({ min: 0, max: 9 }),
  })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 2, max: 9 }),
      fc.integer({ min: 1, max: 8 }),
      (steps, bucketMs, buckets, windowBuckets) => {
        const ring = new CountsRing({ bucketMs, buckets })
        const all: { atMs: number; good: number; total: number }[] = []
        let nowMs = 1_000
        for (const { afterMs, good, bad } of steps) {
          nowMs += afterMs
          ring.add(nowMs, good, good + bad)
          all.push({ atMs: nowMs, good, total: good + bad })
          const whole = Math.min(windowBuckets, buckets - 1)
          const fromMs = (Math.floor(nowMs / bucketMs) - whole) * bucketMs
          const within = all.filter(({ atMs }) => atMs >= fromMs)
          assert.deepEqual(ring.sum(nowMs, windowBuckets * bucketMs), {
            good: within.reduce((sum, each) => sum + each.good, 0),
            total: within.reduce((sum, each) => sum + each.total, 0),
          })
        }
      },
    ),
  )
})
