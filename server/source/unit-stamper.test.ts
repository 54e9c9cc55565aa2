import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import type { StampedUnit } from './stamped-unit.ts'
import { UnitStamper } from './unit-stamper.ts'

const yearMs = 365 * 86_400_000

/** A camera at 25 fps whose packets arrive at once. */
class Rig {
  readonly clock = new FakeClock()
  readonly stamper = new UnitStamper(this.clock)
  timestamp = 4_294_900_000
  last: StampedUnit | null = null

  frame(): StampedUnit {
    this.clock.advance(40)
    this.timestamp = (this.timestamp + 3600) >>> 0
    const unit: AccessUnit = {
      codec: 'h264',
      data: Buffer.alloc(0),
      rtpTimestamp: this.timestamp,
      isKey: true,
      isDamaged: false,
      arrivedAtMs: this.clock.nowMs(),
      parameterSets: { sps: [], pps: [] },
    }
    this.last = this.stamper.stamp(unit)
    return this.last
  }

  /** A report on the latest frame, from a clock that is `offMs` ahead of the server's. */
  report(offMs: number): void {
    this.stamper.senderReport({
      ntpTimeMs: this.clock.wallTimeMs() + offMs,
      rtpTimestamp: this.timestamp,
    })
  }

  second(offMs: number): StampedUnit {
    let stamped = this.frame()
    for (let i = 1; i < 25; i++) stamped = this.frame()
    this.report(offMs)
    return stamped
  }
}

describe('the wall time of a capture', () => {
  test('is the server’s while the camera says nothing', () => {
    const rig = new Rig()
    const stamped = rig.frame()
    assert.equal(stamped.capturedBy, 'arrival')
    assert.equal(stamped.capturedAtWallMs, rig.clock.wallTimeMs())
    assert.equal(stamped.capturedAtMs, rig.clock.nowMs())
  })

  test('is the camera’s once its reports agree with each other and roughly with the server', () => {
    const rig = new Rig()
    rig.second(200)
    assert.equal(rig.second(200).capturedBy, 'arrival')
    const stamped = rig.frame()
    assert.equal(stamped.capturedBy, 'rtcp')
    assert.ok(Math.abs(stamped.capturedAtWallMs - rig.clock.wallTimeMs() - 200) < 1)
    assert.equal(stamped.capturedAtMs, rig.clock.nowMs(), 'latencies never use it')
  })

  test('with 15 ms of jitter in the reports is right within 15 ms', () => {
    const rig = new Rig()
    for (const jitter of [-15, 9, 15, -7, 4, -12]) rig.second(300 + jitter)
    const stamped = rig.frame()
    assert.equal(stamped.capturedBy, 'rtcp')
    assert.ok(Math.abs(stamped.capturedAtWallMs - rig.clock.wallTimeMs() - 300) <= 15)
  })

  for (const [name, offsMs] of [
    ['off by a year', [-yearMs, -yearMs, -yearMs]],
    ['two seconds ahead', [2000, 2000, 2000]],
    ['that jumps about', [0, 400, -300, 500]],
  ] as const)
    test(`of a clock ${name} is the server’s`, () => {
      const rig = new Rig()
      for (const offMs of offsMs) rig.second(offMs)
      const stamped = rig.frame()
      assert.equal(stamped.capturedBy, 'arrival')
      assert.equal(stamped.capturedAtWallMs, rig.clock.wallTimeMs())
    })

  test('a report before the first unit is no reason to fail', () => {
    const rig = new Rig()
    rig.report(0)
    assert.equal(rig.frame().capturedBy, 'arrival')
  })
})

describe('an epoch', () => {
  test('counts only connections that brought a unit', () => {
    const rig = new Rig()
    assert.equal(rig.stamper.epoch, 0)
    rig.stamper.beginEpoch()
    rig.stamper.beginEpoch()
    assert.equal(rig.frame().epoch, 1)
    rig.stamper.beginEpoch()
    assert.equal(rig.stamper.epoch, 1)
    assert.equal(rig.frame().epoch, 2)
  })

  test('with another base goes on where the last ended, and its captures are its own', () => {
    const rig = new Rig()
    rig.frame()
    const before = rig.frame()
    assert.equal(before.rtpTimestamp, before.unit.rtpTimestamp)
    rig.clock.advance(2000)
    rig.stamper.beginEpoch()
    rig.timestamp = 12
    const after = rig.frame()
    assert.equal(after.rtpTimestamp, (before.rtpTimestamp + 2040 * 90) >>> 0)
    assert.equal(after.unit.rtpTimestamp, 3612)
    assert.equal(after.capturedAtMs, rig.clock.nowMs())
  })
})

describe('a camera that sets its clock within a connection begins an epoch', () => {
  for (const [name, stepMs] of [
    ['300 ms back', -300],
    ['a minute back', -60_000],
    ['a minute ahead', 60_000],
  ] as const)
    test(`${name}: nobody's latency and no viewer's timeline jumps`, () => {
      const rig = new Rig()
      for (let i = 0; i < 50; i++) rig.frame()
      const before = rig.frame()
      rig.timestamp = (rig.timestamp + stepMs * 90) >>> 0
      const after = rig.frame()
      assert.equal(after.epoch, before.epoch + 1)
      assert.equal((after.rtpTimestamp - before.rtpTimestamp) | 0, 40 * 90)
      assert.ok(Math.abs(after.capturedAtMs - before.capturedAtMs - 40) < 1)
      assert.equal(rig.frame().epoch, after.epoch)
    })

  test('units that were held up and come in a burst are late, and no epoch begins', () => {
    const rig = new Rig()
    for (let i = 0; i < 50; i++) rig.frame()
    const before = rig.frame()
    rig.clock.advance(3000)
    const late = rig.frame()
    assert.equal(late.epoch, before.epoch)
    assert.equal((late.rtpTimestamp - before.rtpTimestamp) | 0, 40 * 90)
    assert.ok(Math.abs(late.capturedAtMs - before.capturedAtMs - 40) < 1)
  })
})
