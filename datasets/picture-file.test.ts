import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodePng } from './fixtures/png.ts'
import { inspectPicture } from './picture-file.ts'

const png = encodePng({ width: 7, height: 3, data: new Uint8Array(63) })
/** SOI, a comment, fill bytes, SOF2 of 640x480, scan, EOI. */
const jpeg = Buffer.from(
  'ffd8 fffe0006 41424344 ffff ffc2000b 08 01e0 0280 01 011100 ffda0008 0101 003f00 00 ffd9'.replaceAll(
    ' ',
    '',
  ),
  'hex',
)
const flipped = Buffer.from(png)
flipped.writeUInt8(flipped.readUInt8(45) ^ 1, 45)

for (const { name, bytes, refusal } of [
  { name: 'an empty file', bytes: Buffer.alloc(0), refusal: /a.png: is empty/ },
  { name: 'text', bytes: Buffer.from('<html>not found</html>'), refusal: /neither a PNG nor/ },
  { name: 'a PNG cut off within a chunk', bytes: png.subarray(0, 50), refusal: /ends too early/ },
  { name: 'a PNG without its end', bytes: png.subarray(0, -12), refusal: /ends too early/ },
  { name: 'a PNG with a flipped bit', bytes: flipped, refusal: /checksum of its IDAT chunk/ },
  { name: 'a JPEG cut off', bytes: jpeg.subarray(0, -2), refusal: /ends too early/ },
  {
    name: 'a JPEG without a frame',
    bytes: Buffer.from('ffd8fffe00044142ffd9', 'hex'),
    refusal: /no frame header/,
  },
  {
    name: 'a JPEG with garbage between its markers',
    bytes: Buffer.from('ffd8fffe000441420000ffd9', 'hex'),
    refusal: /broken marker/,
  },
] as const)
  test(`${name} is refused with a reason`, () => {
    assert.throws(() => inspectPicture(bytes, 'a.png'), { code: 'input_invalid', message: refusal })
  })

test('the size is read from a PNG, whatever its name', () => {
  assert.deepEqual(inspectPicture(png, 'a.jpg'), { format: 'png', width: 7, height: 3 })
})

test('the size is read from a JPEG, behind comments and fill bytes', () => {
  assert.deepEqual(inspectPicture(jpeg, 'a'), { format: 'jpeg', width: 640, height: 480 })
})

test('no prefix of a picture is taken for a whole one, and none throws anything else', () => {
  for (const whole of [png, jpeg])
    for (let length = 0; length < whole.length; length++)
      assert.throws(() => inspectPicture(whole.subarray(0, length), 'a'), { code: 'input_invalid' })
})
