import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { nalType, nalTypeOf, nalUnitsOf } from './access-unit.ts'
import { DepacketizerRig, pps, sps } from './depacketizer-rig.ts'
import { packetsOf, type PicturePlan, type TestPacket } from './packets-of.ts'

const sei = Buffer.from([0x06, 5, 1, 1, 0x80])

function isSlice(nal: Buffer): boolean {
  return nalTypeOf(nal) <= nalType.idr
}

function isParameterSet(nal: Buffer): boolean {
  return nalTypeOf(nal) === nalType.sps || nalTypeOf(nal) === nalType.pps
}

describe('for any pictures, any way to pack them and any losses', () => {
  const body = fc.uint8Array({ minLength: 1, maxLength: 120 }).map((bytes) =>
    // Without zeros there is no start code: emulation prevention sees to that in a real stream.
    Buffer.from(bytes.map((byte) => (byte === 0 ? 1 : byte))),
  )
  const picture = fc
    .record({
      isKey: fc.boolean(),
      first: body,
      others: fc.array(body, { maxLength: 2 }),
      hasSei: fc.boolean(),
      payloadBytesMax: fc.integer({ min: 4, max: 60 }),
      aggregates: fc.boolean(),
    })
    .map(({ isKey, first, others, hasSei, payloadBytesMax, aggregates }) => {
      const header = isKey ? 0x65 : 0x41
      const slices = [first, ...others].map((bytes, i) =>
        Buffer.concat([Buffer.from([header, i === 0 ? 0x80 : 0x40]), bytes]),
      )
      const before = [...(isKey ? [sps, pps] : []), ...(hasSei ? [sei] : [])]
      return { nals: [...before, ...slices], payloadBytesMax, aggregates }
    })
  const stream = fc.array(picture, { minLength: 1, maxLength: 12 })

  const timestampOf = (index: number): number => (0xffff_f000 + index * 3000) >>> 0

  function pack(pictures: readonly Omit<PicturePlan, 'timestamp'>[], first: number): TestPacket[] {
    let sequence = first
    return pictures.flatMap(({ nals, payloadBytesMax, aggregates }, i) => {
      const plan = { nals, payloadBytesMax, aggregates, timestamp: timestampOf(i) }
      const packets = packetsOf(plan, sequence)
      sequence += packets.length
      return packets
    })
  }

  const firstKey = {
    nals: [sps, pps, Buffer.from([0x65, 0x80, 1])],
    payloadBytesMax: 9,
    aggregates: true,
  }

  test('nothing lost: every picture comes out as it went in', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 0, max: 0xffff }), (made, first) => {
        const pictures = [firstKey, ...made]
        const rig = new DepacketizerRig()
        rig.deliver(pack(pictures, first))
        assert.deepEqual(
          rig.pictures,
          pictures.map(({ nals }) => nals),
        )
        assert.ok(rig.units.every((unit) => !unit.isDamaged))
      }),
    )
  })

  test('whatever is lost, no unit that differs or lacks its references is called whole', () => {
    const losses = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 6 })
    fc.assert(
      fc.property(stream, losses, fc.integer({ min: 0, max: 0xffff }), (pictures, lost, first) => {
        const rig = new DepacketizerRig()
        const packets = pack(pictures, first)
        rig.deliver(packets.filter((_, i) => !lost.includes(i)))
        let next: number | null = null
        let carriesSets = false
        for (const unit of rig.units.filter(({ isDamaged }) => !isDamaged)) {
          const index = pictures.findIndex((_, i) => timestampOf(i) === unit.rtpTimestamp)
          const nals = [...nalUnitsOf(unit.data)]
          const made = pictures[index]?.nals ?? []
          assert.deepEqual(nals.filter(isSlice), made.filter(isSlice))
          // Before an IDR that has both nobody knows yet whether this camera sends parameter sets with its IDRs.
          if (carriesSets)
            assert.deepEqual(nals.filter(isParameterSet), made.filter(isParameterSet))
          carriesSets ||= nals.filter(isParameterSet).length === 2
          assert.ok(unit.isKey || index === next, 'its reference was whole')
          next = index + 1
        }
      }),
      { numRuns: 500 },
    )
  })

  test('random bytes never throw', () => {
    const packet = fc.record({
      payload: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      marker: fc.boolean(),
      timestamp: fc.integer({ min: 0, max: 5 }),
      gap: fc.integer({ min: 0, max: 2 }),
    })
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 60 }), (packets) => {
        const rig = new DepacketizerRig()
        for (const { payload, marker, timestamp, gap } of packets) {
          rig.lose(gap)
          rig.send(Buffer.from(payload), { marker, timestamp })
        }
        for (const unit of rig.units) {
          const bytes = [...nalUnitsOf(unit.data)].reduce((sum, nal) => sum + 4 + nal.length, 0)
          assert.equal(bytes, unit.data.length)
        }
      }),
    )
  })
})
