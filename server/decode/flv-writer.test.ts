import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import { areUsable, avcConfiguration, FlvWriter, flvTimeMax } from './flv-writer.ts'

const sets = {
  sps: [Buffer.from([0x67, 0x4d, 0x40, 0x1f, 1])],
  pps: [Buffer.from([0x68, 2]), Buffer.from([0x68, 3, 3])],
}

function unitOf(data: Buffer, changes: Partial<AccessUnit> = {}): AccessUnit {
  return {
    codec: 'h264',
    data,
    rtpTimestamp: 0,
    isKey: true,
    isDamaged: false,
    arrivedAtMs: 0,
    parameterSets: sets,
    ...changes,
  }
}

interface Tag {
  readonly time: number
  readonly body: Buffer
}

/** What a reader makes of it, checked as it goes. */
function tagsOf(bytes: Buffer, start: number): Tag[] {
  const tags: Tag[] = []
  for (let at = start; at < bytes.length;) {
    assert.equal(bytes[at], 9)
    const size = bytes.readUIntBE(at + 1, 3)
    const time = bytes.readUIntBE(at + 4, 3) + (bytes[at + 7] ?? 0) * 2 ** 24
    assert.equal(bytes.readUIntBE(at + 8, 3), 0)
    assert.equal(bytes.readUInt32BE(at + 11 + size), 11 + size)
    tags.push({ time, body: bytes.subarray(at + 11, at + 11 + size) })
    at += 11 + size + 4
  }
  return tags
}

test('parameter sets that name no profile or no PPS cannot configure a decoder', () => {
  assert.equal(areUsable(sets), true)
  assert.equal(areUsable({ ...sets, pps: [] }), false)
  assert.equal(areUsable({ ...sets, sps: [] }), false)
  assert.equal(areUsable({ ...sets, sps: [Buffer.from([0x67, 66, 0])] }), false)
})

test('the configuration record holds every parameter set after its length', () => {
  assert.equal(
    avcConfiguration(sets).toString('hex'),
    '014d401fffe1 0005674d401f01 02 00026802 0003680303'.replaceAll(' ', ''),
  )
})

test('more parameter sets than the record can count are cut off', () => {
  const many = (count: number): Buffer[] => Array.from({ length: count }, () => Buffer.alloc(4, 1))
  const record = avcConfiguration({ sps: many(40), pps: many(300) })
  assert.equal(record[5], 0xe0 | 31)
  assert.equal(record[6 + 31 * 6], 255)
  assert.equal(record.length, 7 + (31 + 255) * 6)
})

test('the first unit comes after file header and sequence header, later ones alone', () => {
  const writer = new FlvWriter()
  const first = writer.write(unitOf(Buffer.from([0, 0, 0, 1, 0x65])), 0)
  assert.equal(first.subarray(0, 13).toString('hex'), '464c5601010000000900000000')
  const [header, key, ...more] = tagsOf(first, 13)
  assert.equal(header?.body.subarray(0, 5).toString('hex'), '1700000000')
  assert.deepEqual(header?.body.subarray(5), avcConfiguration(sets))
  assert.equal(key?.body.toString('hex'), '17010000000000000165')
  assert.equal(more.length, 0)

  const next = tagsOf(writer.write(unitOf(Buffer.from([0, 0, 0, 1, 0x61]), { isKey: false }), 1), 0)
  assert.deepEqual(
    next.map(({ body }) => body.toString('hex')),
    ['27010000000000000161'],
  )
})

test('a sequence header comes again only when parameter sets differ in content', () => {
  const writer = new FlvWriter()
  const data = Buffer.from([0, 0, 0, 1, 0x65])
  writer.write(unitOf(data), 0)
  const copy = { sps: sets.sps.map((nal) => Buffer.from(nal)), pps: [...sets.pps] }
  assert.equal(tagsOf(writer.write(unitOf(data, { parameterSets: copy }), 1), 0).length, 1)
  const changed = { ...sets, pps: sets.pps.slice(0, 1) }
  const tags = tagsOf(writer.write(unitOf(data, { parameterSets: changed }), 2), 0)
  assert.deepEqual(
    tags.map(({ time }) => time),
    [2, 2],
  )
  assert.deepEqual(tags[0]?.body.subarray(5), avcConfiguration(changed))
})

test('any unit comes out as written, under its number', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.integer({ min: 0, max: flvTimeMax }),
      fc.boolean(),
      (bytes, number, isKey) => {
        const written = new FlvWriter().write(unitOf(Buffer.from(bytes), { isKey }), number)
        const [, tag] = tagsOf(written, 13)
        assert.equal(tag?.time, number)
        assert.equal(tag.body[0], isKey ? 0x17 : 0x27)
        assert.deepEqual(Buffer.from(tag.body.subarray(5)), Buffer.from(bytes))
      },
    ),
  )
})

test('bytes that were given away are never written to again', () => {
  const writer = new FlvWriter()
  const first = writer.write(unitOf(Buffer.from([1, 2, 3])), 0)
  const kept = Buffer.from(first)
  writer.giveAway()
  const second = writer.write(unitOf(Buffer.from([4, 5, 6])), 1)
  assert.deepEqual(first, kept)
  // Not given away: the next unit takes its place.
  writer.write(unitOf(Buffer.from([7, 8, 9])), 2)
  assert.equal(second.buffer, writer.write(unitOf(Buffer.from([7, 8, 9])), 3).buffer)
})
