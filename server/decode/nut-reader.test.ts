import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { NutError } from './nut-error.ts'
import { NutReader } from './nut-reader.ts'

/**
 * What FFmpeg 5.1 wrote for four pictures of 4x2 pixels in bgr24 at 0, 1, 2 and 40,000 ms: headers, a syncpoint,
 * short frame codes, one frame with coded fields and checksum, an index.
 */
const recorded = Buffer.from(
  [
    '6e75742f6d756c74696d6564696120636f6e7461696e6572004e4d7a561f5f04ad4a04010181ff7f010183f4',
    '00c00006000000000001a000020101280100290021017f20027f8179c0000600000000000106030000010400',
    '0001b602fffa02fffb02fffc02fffd027e4957804e5311405bf2f9db1800000442475218000e83f400000000',
    '0402000000408e8b764e49ab68b596ba7820000000000107656e636f646572020d4c61766635392e32372e31',
    '30300d1f10d64e49ab68b596ba783e010000000207656e636f64657202164c61766335392e33372e31303020',
    '726177766964656f0c725f6672616d655f726174650206313030302f317934b5744e4be4adeeca4569060000',
    '0000000003001800000000000000000000000000000000000000000000000004183838383838383838383838',
    '3838383838383838383838383804187373737373737373737373737373737373737373737373730169819da0',
    '0018c4bb4e5dadadadadadadadadadadadadadadadadadadadadadadadad4e58dd672f23e64e13819ca00001',
    '0f03000000000000001c2684dd18',
  ].join(''),
  'hex',
)
const frameBytes = 4 * 2 * 3
/** File id, main, stream and info packets. */
const headersEnd = recorded.indexOf(Buffer.from('4e4be4adeeca4569', 'hex'))
const expected = [
  [0, 0],
  [1, 0x38],
  [2, 0x73],
  [40_000, 0xad],
] as const

interface Seen {
  readonly timeMs: number
  readonly pixels: string
}

function read(chunks: Iterable<Uint8Array>, size = frameBytes): Seen[] {
  const seen: Seen[] = []
  const target = Buffer.alloc(size)
  const reader = new NutReader(size, {
    onFrameStart: () => target.fill(0xee),
    onFrameEnd: (timeMs) => seen.push({ timeMs, pixels: target.toString('hex') }),
  })
  for (const chunk of chunks) reader.push(chunk)
  return seen
}

const pictures = expected.map(([timeMs, value]) => ({
  timeMs,
  pixels: Buffer.alloc(frameBytes, value).toString('hex'),
}))

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof NutError, String(error))
    return error.code
  }
  return 'none'
}

test('another kind of stream is refused', () => {
  assert.equal(
    codeOf(() => read([Buffer.from('RIFF....AVI LIST and more and more')])),
    'nut_malformed',
  )
})

test('pictures of another size than asked for are refused', () => {
  assert.equal(
    codeOf(() => read([recorded], frameBytes + 3)),
    'nut_unexpected',
  )
})

test('a header that never ends is refused', () => {
  const endless = Buffer.concat([
    recorded.subarray(0, headersEnd),
    Buffer.from('4e49ab68b596ba78', 'hex'),
  ])
  assert.equal(
    codeOf(() => read([endless, Buffer.alloc(8, 0xff)])),
    'nut_malformed',
  )
  assert.equal(
    codeOf(() => read([endless, Buffer.from('8fffff7f', 'hex')])),
    'nut_malformed',
  )
})

test('frames before the headers are refused', () => {
  const headless = Buffer.concat([recorded.subarray(0, 25), recorded.subarray(headersEnd + 20)])
  assert.equal(
    codeOf(() => read([headless])),
    'nut_malformed',
  )
})

test('every picture comes out with its time', () => {
  assert.deepEqual(read([recorded]), pictures)
})

test('headers that are repeated between frames change nothing', () => {
  const again = recorded.subarray(25, headersEnd)
  const afterTwo = recorded.indexOf(Buffer.alloc(frameBytes, 0x73)) - 2
  const repeated = [recorded.subarray(0, afterTwo), again, recorded.subarray(afterTwo)]
  assert.deepEqual(read([Buffer.concat(repeated)]), pictures)
})

test('the pixels of a picture that nobody wants are passed over', () => {
  const ends: number[] = []
  const reader = new NutReader(frameBytes, {
    onFrameStart: () => null,
    onFrameEnd: (timeMs) => ends.push(timeMs),
  })
  reader.push(recorded)
  assert.deepEqual(ends, [0, 1, 2, 40_000])
})

test('how the bytes are cut into pieces does not matter', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sizes) => {
      assert.deepEqual(read(pieces(recorded, sizes)), pictures)
    }),
  )
})

test('reading in place gives the same as pieces, whatever each read brings', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sizes) => {
      const seen: Seen[] = []
      const target = Buffer.alloc(frameBytes)
      const reader = new NutReader(frameBytes, {
        onFrameStart: (timeMs) => (timeMs === 1 ? null : target),
        onFrameEnd: (timeMs) => seen.push({ timeMs, pixels: target.toString('hex') }),
      })
      for (let at = 0, i = 0; at < recorded.length; i++) {
        const { room } = reader
        const count = Math.min(sizes[i % sizes.length] ?? 1, room.length, recorded.length - at)
        room.set(recorded.subarray(at, at + count))
        reader.filled(count)
        at += count
      }
      // Nobody wanted the second: the first stays.
      const [first] = pictures
      assert.ok(first)
      assert.deepEqual(seen, pictures.with(1, { ...first, timeMs: 1 }))
    }),
  )
})

test('corrupt bytes end in a typed error or in pictures, never in anything else', () => {
  const change = fc.tuple(fc.nat(recorded.length - 1), fc.nat(255))
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (changes, sizes) => {
        const corrupt = Buffer.from(recorded)
        for (const [at, value] of changes) corrupt[at] = value
        // Longer than any header, so that what waits for more bytes gets them.
        codeOf(() => read(pieces(Buffer.concat([corrupt, recorded, recorded]), sizes)))
      },
    ),
    { numRuns: 2000 },
  )
})

function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}
