import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { OutgoingTimeline } from './outgoing-timeline.ts'

describe('the outgoing timeline', () => {
  test('is the camera’s own in the first epoch, over the wrap', () => {
    const timeline = new OutgoingTimeline()
    timeline.beginEpoch(0xffff_f000, 0)
    assert.equal(timeline.outgoing(0xffff_f000, 0), 0xffff_f000)
    assert.equal(timeline.outgoing(0xfff, 40), 0xfff)
  })

  test('goes on after a reconnect as much later as time has passed', () => {
    const timeline = new OutgoingTimeline()
    timeline.beginEpoch(1000, 0)
    timeline.outgoing(1000, 0)
    timeline.outgoing(4600, 40)
    timeline.beginEpoch(3_000_000_000, 2040)
    assert.equal(timeline.outgoing(3_000_000_000, 2040), 4600 + 2000 * 90)
    assert.equal(timeline.outgoing(3_000_003_600, 2080), 4600 + 2040 * 90)
  })

  test('never gives two units one timestamp, even where no time has passed', () => {
    const timeline = new OutgoingTimeline()
    timeline.beginEpoch(1000, 0)
    timeline.outgoing(1000, 0)
    timeline.beginEpoch(1000, 0)
    assert.equal(timeline.outgoing(1000, 0), 1001)
  })

  test('goes on from its furthest point where B-frames step back', () => {
    const timeline = new OutgoingTimeline()
    timeline.beginEpoch(0, 0)
    for (const [rtpTimestamp, atMs] of [
      [0, 0],
      [10_800, 40],
      [3600, 80],
    ] as const)
      timeline.outgoing(rtpTimestamp, atMs)
    timeline.beginEpoch(77, 140)
    assert.equal(timeline.outgoing(77, 140), 10_800 + 100 * 90)
  })

  test('only ever goes forward, for any epochs', () => {
    const epoch = fc.record({
      first: fc.integer({ min: 0, max: 0xffff_ffff }),
      pauseMs: fc.integer({ min: 0, max: 600_000 }),
      steps: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 }),
    })
    fc.assert(
      fc.property(fc.array(epoch, { minLength: 1, maxLength: 8 }), (epochs) => {
        const timeline = new OutgoingTimeline()
        let atMs = 0
        let last: number | null = null
        for (const { first, pauseMs, steps } of epochs) {
          atMs += pauseMs
          timeline.beginEpoch(first, atMs)
          let timestamp = first
          for (const step of [0, ...steps]) {
            timestamp = (timestamp + step) >>> 0
            atMs += step / 90
            const outgoing = timeline.outgoing(timestamp, atMs)
            if (last !== null)
              assert.ok(((outgoing - last) | 0) > 0 || step === 0, `${last} -> ${outgoing}`)
            assert.equal(outgoing, outgoing >>> 0)
            last = outgoing
          }
        }
      }),
    )
  })
})
