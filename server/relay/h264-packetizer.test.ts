import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import { H264Packetizer, rtpPayloadBytesMax } from './h264-packetizer.ts'
import { depacketize, rtpFieldsOf } from './testing/depacketize.ts'
import { lengthPrefixed, madeNal, madePps, madeSps, madeUnit } from './testing/made-units.ts'

const identity = { payloadType: 102, ssrc: 0xdeadbeef, firstSequenceNumber: 65_530 }

function packetsOf(
  unit: AccessUnit,
  rtpTimestamp = 1,
  packetizer = new H264Packetizer(identity),
): Buffer[] {
  const packets: Buffer[] = []
  packetizer.packetize(unit, rtpTimestamp, (packet) => packets.push(packet))
  return packets
}

const payloadsOf = (packets: readonly Buffer[]): Buffer[] =>
  packets.map((packet) => rtpFieldsOf(packet).payload)

const nals = fc.array(
  fc.record({
    type: fc.constantFrom(1, 5, 6, 8),
    bytes: fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1190, max: 1210 }),
      fc.integer({ min: 2385, max: 2410 }),
      fc.integer({ min: 1, max: 60_000 }),
    ),
  }),
  { minLength: 1, maxLength: 6 },
)

test('any NAL units arrive as they were, in packets of bounded size, the marker on the last alone', () => {
  fc.assert(
    fc.property(nals, fc.nat(0xffffffff), (parts, rtpTimestamp) => {
      const sent = parts.map((part) => madeNal(part.type, part.bytes))
      const packets = packetsOf(madeUnit({ nals: sent }), rtpTimestamp)
      assert.deepEqual(depacketize(payloadsOf(packets)), sent)
      for (const [index, packet] of packets.entries()) {
        const fields = rtpFieldsOf(packet)
        assert.ok(fields.payload.length <= rtpPayloadBytesMax)
        assert.equal(fields.hasMarker, index === packets.length - 1)
        assert.equal(fields.sequenceNumber, (65_530 + index) & 0xffff)
        assert.equal(fields.rtpTimestamp, rtpTimestamp)
        assert.equal(fields.ssrc, 0xdeadbeef)
        assert.equal(fields.payloadType, 102)
      }
    }),
    { numRuns: 300 },
  )
})

test('fragments of one NAL unit differ by at most a packet share, none is a crumb', () => {
  const sizes = payloadsOf(packetsOf(madeUnit({ nals: [madeNal(1, 1202)] }))).map((p) => p.length)
  assert.deepEqual(sizes, [603, 602])
})

test('sequence numbers run on over units and wrap at 16 bits', () => {
  const packetizer = new H264Packetizer(identity)
  const numbers: number[] = []
  for (let unit = 0; unit < 40; unit++)
    for (const packet of packetsOf(madeUnit({ nals: [madeNal(1, 5000)] }), unit, packetizer))
      numbers.push(rtpFieldsOf(packet).sequenceNumber)
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => (65_530 + index) & 0xffff),
  )
  assert.ok(numbers.includes(0))
})

test('a skipped number is a gap of exactly one', () => {
  const packetizer = new H264Packetizer({ ...identity, firstSequenceNumber: 0xffff })
  const [before] = packetsOf(madeUnit(), 0, packetizer)
  packetizer.skipSequenceNumber()
  const [after] = packetsOf(madeUnit(), 0, packetizer)
  assert.ok(before !== undefined && after !== undefined)
  assert.equal(rtpFieldsOf(before).sequenceNumber, 0xffff)
  assert.equal(rtpFieldsOf(after).sequenceNumber, 1)
})

const sei = madeNal(6, 20)
const idr = madeNal(5, 3000)
const otherSps = Buffer.from([0x27, 1, 2, 3])
const hugePps = madeNal(8, 1300)

const keyUnits: readonly {
  readonly name: string
  readonly unit: AccessUnit
  readonly firstType: number
  readonly arrives: readonly Buffer[]
}[] = [
  {
    name: 'a key unit without sets gets those in force',
    unit: madeUnit({ isKey: true, nals: [idr] }),
    firstType: 24,
    arrives: [madeSps, madePps, idr],
  },
  {
    name: 'sets in the unit go out once, before everything else',
    unit: madeUnit({ isKey: true, nals: [sei, madeSps, madePps, idr] }),
    firstType: 24,
    arrives: [madeSps, madePps, sei, idr],
  },
  {
    name: 'several sets share one aggregate',
    unit: madeUnit({
      isKey: true,
      nals: [idr],
      parameterSets: { sps: [madeSps, otherSps], pps: [madePps, madePps] },
    }),
    firstType: 24,
    arrives: [madeSps, otherSps, madePps, madePps, idr],
  },
  {
    name: 'sets too large for one packet go out one by one, the SPS first',
    unit: madeUnit({
      isKey: true,
      nals: [idr],
      parameterSets: { sps: [madeSps], pps: [hugePps] },
    }),
    firstType: 7,
    arrives: [madeSps, hugePps, idr],
  },
  {
    name: 'a key unit of a camera that never told its sets goes out alone',
    unit: madeUnit({ isKey: true, nals: [idr], parameterSets: { sps: [], pps: [] } }),
    firstType: 28,
    arrives: [idr],
  },
]
for (const { name, unit, firstType, arrives } of keyUnits)
  test(name, () => {
    const payloads = payloadsOf(packetsOf(unit))
    assert.equal((payloads[0]?.[0] ?? 0) & 0x1f, firstType)
    assert.deepEqual(depacketize(payloads), arrives)
  })

test('the aggregate carries the highest nal_ref_idc of its parts', () => {
  const unit = madeUnit({ isKey: true, parameterSets: { sps: [otherSps], pps: [madePps] } })
  assert.equal(payloadsOf(packetsOf(unit))[0]?.[0], 0x60 | 24)
})

test('an SPS outside a key unit stays behind, a PPS does not', () => {
  const slice = madeNal(1, 50)
  const packets = packetsOf(madeUnit({ nals: [madePps, slice, madeSps] }))
  assert.deepEqual(depacketize(payloadsOf(packets)), [madePps, slice])
  assert.deepEqual(
    packets.map((packet) => rtpFieldsOf(packet).hasMarker),
    [false, true],
  )
})

test('a unit with nothing to send makes no packet, and a length past the end none either', () => {
  assert.equal(packetsOf(madeUnit({ nals: [madeSps] })).length, 0)
  assert.equal(packetsOf(madeUnit({ nals: [Buffer.alloc(0)] })).length, 0)
  const cut = lengthPrefixed([madeNal(1, 30), madeNal(1, 90)]).subarray(0, 60)
  const packets = packetsOf(madeUnit({ data: cut }))
  assert.deepEqual(depacketize(payloadsOf(packets)), [madeNal(1, 30)])
  assert.equal(rtpFieldsOf(packets[0] ?? Buffer.alloc(0)).hasMarker, true)
})
