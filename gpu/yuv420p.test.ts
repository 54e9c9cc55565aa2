import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packedPicture, packYuv420p, yuv420pBytes } from './yuv420p.ts'

/** A picture of 2x2 pixels: four lumas and one chroma pair. */
function bgrOf(luma: readonly number[], cb: number, cr: number): number[] {
  const pixels = Uint8Array.from([...luma, cb, cr])
  const { pixels: packed } = packedPicture({ colourOrder: 'bgr' }, { pixels, width: 2, height: 2 })
  return [...packed]
}

// ITU-R BT.601-7, 8 bits: luma and chroma of saturated colours, and what they stand for.
const colours: readonly [name: string, yCbCr: readonly number[], bgr: readonly number[]][] = [
  ['black', [16, 128, 128], [0, 0, 0]],
  ['white', [235, 128, 128], [255, 255, 255]],
  ['red', [81, 90, 240], [0, 0, 254]],
  ['green', [145, 54, 34], [1, 255, 0]],
  ['blue', [41, 240, 110], [255, 0, 0]],
  ['below black', [0, 128, 128], [0, 0, 0]],
  ['above white', [255, 128, 128], [255, 255, 255]],
]
for (const [name, [y = 0, cb = 0, cr = 0], bgr] of colours)
  test(`${name} is ${bgr.join(' ')}`, () => {
    assert.deepEqual(bgrOf([y, y, y, y], cb, cr), [bgr, bgr, bgr, bgr].flat())
  })

test('each pixel has its own luma and the chroma of its four', () => {
  const blues = bgrOf([16, 125, 235, 60], 128, 128).filter((_, index) => index % 3 === 0)
  assert.deepEqual(blues, [0, 127, 255, 51])
})

test('rgb is bgr the other way round', () => {
  const size = { width: 6, height: 4 }
  const source = Uint8Array.from({ length: yuv420pBytes(size) }, (_, i) => (i * 37) % 256)
  const bgr = new Uint8ClampedArray(72)
  const rgb = new Uint8ClampedArray(72)
  packYuv420p({ source, target: bgr, ...size, colourOrder: 'bgr' })
  packYuv420p({ source, target: rgb, ...size, colourOrder: 'rgb' })
  for (let at = 0; at < 72; at += 3)
    assert.deepEqual([...rgb.subarray(at, at + 3)], [...bgr.subarray(at, at + 3)].toReversed())
})

test('rows and planes of a larger picture stay where they are', () => {
  const size = { width: 4, height: 4 }
  const luma = Array.from({ length: 16 }, (_, i) => 16 + i * 10)
  const source = Uint8Array.from([...luma, ...Array.from({ length: 8 }, () => 128)])
  const { pixels } = packedPicture({ colourOrder: 'bgr' }, { pixels: source, ...size })
  assert.deepEqual(
    [...pixels].filter((_, index) => index % 3 === 1),
    luma.map((y) => Math.round(((y - 16) * 255) / 219)),
  )
})
