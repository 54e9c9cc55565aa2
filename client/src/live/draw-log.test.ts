import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DrawLog, type DrawRecord } from './draw-log.ts'

const record = (atMs: number): DrawRecord => ({
  frameRtpTimestamp: atMs,
  detectionsRtpTimestamp: null,
  match: 'none',
  boxes: 0,
  atMs,
})

test('an empty log has no last record', () => {
  assert.equal(new DrawLog().last, null)
  assert.deepEqual(new DrawLog().entries(), [])
})

test('the oldest are let go beyond 2,000, the order stays', () => {
  const log = new DrawLog()
  for (let i = 0; i < 4_321; i++) log.add(record(i))
  const entries = log.entries()
  assert.equal(log.written, 4_321)
  assert.equal(log.last?.atMs, 4_320)
  assert.deepEqual(
    entries.map(({ atMs }) => atMs),
    Array.from({ length: 2_000 }, (_, i) => 2_321 + i),
  )
})
