import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { KeptGop } from './kept-gop.ts'

function stampedOf(
  rtpTimestamp: number,
  changes: Partial<AccessUnit> & { readonly epoch?: number } = {},
): StampedUnit {
  const { epoch = 1, ...unit } = changes
  const parameterSets = { sps: [], pps: [] }
  const plain = { codec: 'h264', data: Buffer.alloc(100), rtpTimestamp, isKey: false } as const
  return {
    unit: { ...plain, isDamaged: false, arrivedAtMs: 0, parameterSets, ...unit },
    epoch,
    rtpTimestamp,
    capturedAtMs: 0,
    capturedAtWallMs: 0,
    capturedBy: 'arrival',
  }
}

function kept(gop: KeptGop, rtpTimestamp: number): number[] | null {
  return gop.unitsUpTo(rtpTimestamp)?.map((stamped) => stamped.rtpTimestamp) ?? null
}

test('nothing is kept before a key frame, nor after a damaged one', () => {
  const gop = new KeptGop()
  gop.add(stampedOf(1))
  gop.add(stampedOf(2, { isKey: true, isDamaged: true }))
  gop.add(stampedOf(3))
  for (const rtpTimestamp of [1, 2, 3]) assert.equal(kept(gop, rtpTimestamp), null)
})

test('a picture is decoded from the last key frame on', () => {
  const gop = new KeptGop()
  for (const rtpTimestamp of [10, 20, 30, 40, 50])
    gop.add(stampedOf(rtpTimestamp, { isKey: rtpTimestamp % 30 === 0 }))
  assert.deepEqual(kept(gop, 40), [30, 40])
  assert.deepEqual(kept(gop, 30), [30])
  assert.equal(kept(gop, 20), null)
  assert.equal(gop.letGo, 0)
})

test('what came before the damage can still be decoded', () => {
  const gop = new KeptGop()
  gop.add(stampedOf(1, { isKey: true }))
  gop.add(stampedOf(2))
  gop.add(stampedOf(3, { isDamaged: true }))
  gop.add(stampedOf(4))
  assert.deepEqual(kept(gop, 2), [1, 2])
  assert.equal(kept(gop, 4), null)
})

test('units of a new connection are not decoded after those of the old', () => {
  const gop = new KeptGop()
  gop.add(stampedOf(1, { isKey: true }))
  gop.add(stampedOf(2, { epoch: 2 }))
  gop.add(stampedOf(3, { epoch: 2 }))
  assert.equal(kept(gop, 3), null)
  gop.add(stampedOf(4, { epoch: 2, isKey: true }))
  assert.deepEqual(kept(gop, 4), [4])
})

test('a GOP beyond either bound is let go, counted, and not begun again in its middle', () => {
  for (const limits of [
    { unitsMax: 3, bytesMax: 10_000 },
    { unitsMax: 10_000, bytesMax: 350 },
  ]) {
    const gop = new KeptGop(limits)
    for (let i = 0; i < 6; i++) gop.add(stampedOf(i, { isKey: i === 0 }))
    assert.equal(gop.letGo, 1)
    assert.equal(gop.bytes, 0)
    assert.equal(kept(gop, 5), null)
    gop.add(stampedOf(6, { isKey: true }))
    assert.deepEqual(kept(gop, 6), [6])
  }
})

test('whatever comes, the bounds hold and what is kept begins with a key frame', () => {
  const anyUnit = fc.record({
    isKey: fc.boolean(),
    isDamaged: fc.boolean(),
    data: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    epoch: fc.integer({ min: 1, max: 2 }),
  })
  fc.assert(
    fc.property(fc.array(anyUnit, { maxLength: 60 }), (units) => {
      const gop = new KeptGop({ unitsMax: 5, bytesMax: 800 })
      for (const [rtpTimestamp, changes] of units.entries()) {
        gop.add(stampedOf(rtpTimestamp, changes))
        assert.ok(gop.bytes <= 800)
        const found = gop.unitsUpTo(rtpTimestamp) ?? []
        assert.ok(found.length <= 5)
        assert.ok(found.length === 0 || found[0]?.isKey)
        const came = found.map((unit) => units[unit.rtpTimestamp])
        assert.ok(came.every((unit) => unit?.epoch === came[0]?.epoch && !unit?.isDamaged))
        assert.deepEqual(
          found.map(({ data }) => data),
          came.map((unit) => unit?.data),
        )
      }
    }),
  )
})
