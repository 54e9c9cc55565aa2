import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DepacketizerRig as Rig, pps, sps } from './depacketizer-rig.ts'
import { fragmentsOf, stapOf } from './packets-of.ts'

const otherPps = Buffer.from('68cb83cb2c', 'hex')
const sei = Buffer.from([0x06, 5, 1, 1, 0x80])
const aud = Buffer.from([0x09, 0xf0])
const idr = Buffer.from([0x65, 0x88, 1, 2, 3, 4])
const slice = Buffer.from([0x41, 0x9a, 5, 6, 7])
const secondSlice = Buffer.from([0x41, 0x40, 8, 9])

describe('what is missing or broken marks units damaged until an IDR', () => {
  test('a lost packet in the middle', () => {
    const rig = new Rig()
    rig.send(idr, { marker: true })
    rig.send(slice, { timestamp: 2000 })
    rig.lose()
    rig.send(secondSlice, { timestamp: 2000, marker: true })
    rig.send(slice, { timestamp: 3000, marker: true })
    rig.send(idr, { timestamp: 4000, marker: true })
    rig.send(slice, { timestamp: 5000, marker: true })
    assert.deepEqual(rig.damaged, [false, true, true, false, false])
    assert.equal(rig.depacketizer.packetsLost, 1)
  })

  test('what came before the connection', () => {
    const rig = new Rig([sps, pps])
    rig.send(slice, { marker: true })
    rig.send(idr, { timestamp: 2000, marker: true })
    rig.send(slice, { timestamp: 3000, marker: true })
    assert.deepEqual(rig.damaged, [true, false, false])
  })

  test('a whole picture between two', () => {
    const rig = new Rig()
    rig.send(idr, { marker: true })
    rig.lose(3)
    rig.send(slice, { timestamp: 3000, marker: true })
    assert.deepEqual(rig.damaged, [false, true])
    assert.equal(rig.depacketizer.packetsLost, 3)
  })

  test('the first slices of an IDR', () => {
    const rig = new Rig()
    rig.send(idr, { marker: true })
    rig.lose()
    rig.send(Buffer.from([0x65, 0x40, 1, 2]), { timestamp: 2000, marker: true })
    assert.deepEqual(rig.damaged, [false, true])
  })

  test('the parameter sets that this camera sends with each IDR', () => {
    const rig = new Rig()
    for (const nal of [sps, pps]) rig.send(nal)
    rig.send(idr, { marker: true })
    rig.lose(2)
    rig.send(idr, { timestamp: 2000, marker: true })
    assert.deepEqual(rig.damaged, [false, true])
  })

  test('the end of a fragmented picture: it is dropped, and the next one is told from it', () => {
    const rig = new Rig()
    rig.send(idr, { marker: true })
    const [first = idr, second = idr] = fragmentsOf(Buffer.alloc(30, 0x41), 12)
    rig.send(first, { timestamp: 2000 })
    rig.send(second, { timestamp: 2000 })
    rig.lose()
    rig.send(idr, { timestamp: 3000, marker: true })
    assert.deepEqual(rig.pictures, [[idr], [idr]])
    assert.deepEqual(rig.damaged, [false, false])
  })

  test('the same without a gap, from a camera that breaks off', () => {
    const rig = new Rig()
    rig.send(idr, { marker: true })
    rig.send(fragmentsOf(Buffer.alloc(30, 0x41), 12)[0] ?? idr, { timestamp: 2000 })
    rig.send(slice, { timestamp: 3000, marker: true })
    assert.deepEqual(rig.damaged, [false, true])
  })

  const broken: readonly (readonly [string, Buffer])[] = [
    ['a STAP-A whose last length runs past its end', stapOf([slice]).subarray(0, -1)],
    ['a fragment without a beginning', fragmentsOf(Buffer.alloc(30, 0x41), 12)[1] ?? slice],
    ['an interleaved packet (mode 2)', Buffer.from([26, 0, 0, 1])],
    ['a fragment that is only a header', Buffer.from([0x7c, 0x81])],
  ]
  for (const [name, payload] of broken)
    test(name, () => {
      const rig = new Rig()
      rig.send(idr, { marker: true })
      rig.send(payload, { timestamp: 2000 })
      rig.send(slice, { timestamp: 2000, marker: true })
      rig.send(slice, { timestamp: 3000, marker: true })
      assert.deepEqual(rig.damaged, [false, true, true])
    })

  test('a packet that comes twice or late changes nothing', () => {
    const rig = new Rig()
    rig.send(idr, { marker: true })
    rig.lose(-1)
    rig.send(idr, { marker: true })
    rig.send(slice, { timestamp: 2000, marker: true })
    assert.deepEqual(rig.damaged, [false, false])
    assert.equal(rig.depacketizer.packetsLost, 0)
  })

  test('more than 4 MiB without an end stays bounded and is damaged', () => {
    const rig = new Rig()
    const large = Buffer.alloc(60_000, 0x41)
    for (let i = 0; i < 100; i++) rig.send(large)
    rig.send(slice, { marker: true })
    assert.deepEqual(rig.damaged, [true])
    assert.ok((rig.units[0]?.data.length ?? 0) <= 4 * 1024 * 1024)
  })
})

describe('a picture ends', () => {
  test('with its marker, in the same call', () => {
    const rig = new Rig()
    rig.send(idr, { marker: true })
    assert.equal(rig.units.length, 1)
    assert.equal(rig.units[0]?.arrivedAtMs, 5)
    assert.equal(rig.units[0]?.rtpTimestamp, 1000)
    assert.ok(rig.units[0]?.isKey)
  })

  test('without a marker, when the timestamp changes', () => {
    const rig = new Rig()
    rig.send(idr)
    rig.send(slice, { timestamp: 2000 })
    rig.send(secondSlice, { timestamp: 2000 })
    rig.send(slice, { timestamp: 3000 })
    assert.deepEqual(rig.pictures, [[idr], [slice, secondSlice]])
    assert.deepEqual(
      rig.units.map((unit) => unit.rtpTimestamp),
      [1000, 2000],
    )
  })

  test('not with the marker of parameter sets or SEI: those belong to the next slice', () => {
    const rig = new Rig()
    rig.send(stapOf([sps, pps]), { marker: true })
    rig.send(sei, { marker: true })
    assert.equal(rig.units.length, 0)
    rig.send(idr, { marker: true })
    assert.deepEqual(rig.pictures, [[sps, pps, sei, idr]])
  })

  test('not with a timestamp that only its parameter sets have', () => {
    const rig = new Rig()
    rig.send(sps, { timestamp: 900 })
    rig.send(pps, { timestamp: 900 })
    rig.send(idr, { timestamp: 1000, marker: true })
    assert.deepEqual(rig.pictures, [[sps, pps, idr]])
    assert.equal(rig.units[0]?.rtpTimestamp, 1000)
  })
})

describe('NAL units', () => {
  test('delimiters and filler are left out, wherever they come', () => {
    const rig = new Rig()
    rig.send(stapOf([aud, sps, pps]))
    rig.send(Buffer.from([0x0c, 0xff, 0x80]))
    rig.send(idr, { marker: true })
    assert.deepEqual(rig.pictures, [[sps, pps, idr]])
  })

  for (const code of ['000001', '00000001'])
    test(`several in one packet behind ${code}`, () => {
      const separator = Buffer.from(code, 'hex')
      const rig = new Rig()
      rig.send(Buffer.concat([sps, separator, pps, separator, idr]), { marker: true })
      assert.deepEqual(rig.pictures, [[sps, pps, idr]])
      assert.ok(rig.units[0]?.isKey)
    })

  test('the same in fragments', () => {
    const separator = Buffer.from([0, 0, 0, 1])
    const rig = new Rig()
    const all = Buffer.concat([sps, separator, pps, separator, idr])
    for (const fragment of fragmentsOf(all, 9)) rig.send(fragment)
    rig.send(Buffer.from([0x41, 0x20, 3]), { marker: true })
    assert.deepEqual(rig.pictures, [[sps, pps, idr, Buffer.from([0x41, 0x20, 3])]])
  })
})

describe('parameter sets in force', () => {
  test('come from the SDP where the stream has none', () => {
    const rig = new Rig([sps, pps])
    rig.send(idr, { marker: true })
    assert.deepEqual(rig.units[0]?.parameterSets, { sps: [sps], pps: [pps] })
    assert.deepEqual(rig.pictures, [[idr]])
  })

  test('change with the stream, and are the same object until then', () => {
    const rig = new Rig([sps, pps])
    rig.send(idr, { marker: true })
    rig.send(slice, { timestamp: 2000, marker: true })
    rig.send(stapOf([sps, otherPps, idr]), { timestamp: 3000, marker: true })
    assert.equal(rig.units[0]?.parameterSets, rig.units[1]?.parameterSets)
    assert.deepEqual(rig.units[2]?.parameterSets, { sps: [sps], pps: [otherPps] })
    assert.deepEqual(rig.units[0]?.parameterSets.pps, [pps])
  })
})
