import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FramePool } from './frame-pool.ts'

test('a slot that is released twice is a bug', () => {
  const slot = new FramePool(10, 1).lease()
  slot?.release()
  assert.throws(() => slot?.release(), /released once/)
})

test('an empty pool leases nothing until a slot comes back', () => {
  const pool = new FramePool(10, 2)
  const first = pool.lease()
  const second = pool.lease()
  assert.equal(pool.lease(), null)
  second?.release()
  assert.equal(pool.lease(), second)
  assert.notEqual(first, second)
})

test('slots lie apart in one shared memory', () => {
  const pool = new FramePool(100, 3)
  const slots = [pool.lease(), pool.lease(), pool.lease()]
  const offsets = new Set(slots.map((slot) => slot?.pixels.byteOffset))
  assert.deepEqual(offsets, new Set([0, 128, 256]))
  for (const slot of slots) {
    assert.equal(slot?.pixels.buffer, pool.memory)
    assert.equal(slot.pixels.length, 100)
  }
})
