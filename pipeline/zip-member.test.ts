import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32, deflateRawSync } from 'node:zlib'
import { readZipMember } from './zip-member.ts'

interface Member {
  readonly name: string
  readonly data: Buffer
  readonly method?: number
  readonly crc?: number
}

/** A zip archive as `zip` writes it, without what readers may ignore. */
function zipOf(members: readonly Member[], comment = ''): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, data, method = 8, crc = crc32(data) } of members) {
    const packed = method === 8 ? deflateRawSync(data) : data
    const extra = Buffer.from('extra')
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    local.writeUInt16LE(extra.length, 28)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(method, 10)
    entry.writeUInt32LE(crc, 16)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(data.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(offset, 42)
    const whole = Buffer.concat([local, Buffer.from(name), extra, packed])
    locals.push(whole)
    directory.push(entry, Buffer.from(name))
    offset += whole.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(offset, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...locals, ...directory, end, Buffer.from(comment)])
}

const data = Buffer.from('weights '.repeat(1000))
const archive = zipOf([
  { name: 'a.txt', data: Buffer.from('first') },
  { name: 'dir/model.onnx', data },
  { name: 'stored.bin', data, method: 0 },
])

for (const { name, zip, member, says } of [
  { name: 'something else', zip: Buffer.from('no archive at all'), member: 'x', says: /not a zip/ },
  { name: 'an empty file', zip: Buffer.alloc(0), member: 'x', says: /not a zip/ },
  { name: 'an archive without it', zip: archive, member: 'model.onnx', says: /holds no model/ },
  {
    name: 'a member whose checksum is wrong',
    zip: zipOf([{ name: 'x', data, crc: 1 }]),
    member: 'x',
    says: /broken zip archive at x/,
  },
  {
    name: 'an unknown method',
    zip: zipOf([{ name: 'x', data, method: 12 }]),
    member: 'x',
    says: /broken zip archive at x/,
  },
  {
    name: 'an archive that is cut off at its start',
    zip: zipOf([{ name: 'x', data }]).subarray(40),
    member: 'x',
    says: /zip archive|holds no/,
  },
])
  test(`${name} is refused`, () => {
    assert.throws(() => readZipMember(zip, member), { code: 'wheel_invalid', message: says })
  })

test('a member larger than the limit is refused before it is unpacked', () => {
  assert.throws(() => readZipMember(archive, 'dir/model.onnx', 100), /larger than 100 bytes/)
})

for (const member of ['dir/model.onnx', 'stored.bin'])
  test(`${member} is unpacked`, () => {
    assert.deepEqual(readZipMember(archive, member), data)
  })

test('a comment after the directory does not hide it', () => {
  assert.deepEqual(readZipMember(zipOf([{ name: 'x', data }], 'made by hand'), 'x'), data)
})
