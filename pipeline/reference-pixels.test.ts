import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packYuv420p, yuv420pBytes } from '#gpu/yuv420p.ts'
import { rgbOfYuv } from './reference-pixels.ts'

const size = { width: 512, height: 512 }

/** Every pair of the two colour differences, each with one luma. */
function picture(luma: number): Uint8Array {
  const pixels = new Uint8Array(yuv420pBytes(size)).fill(luma, 0, 512 * 512)
  for (let pair = 0; pair < 65_536; pair++) {
    pixels[512 * 512 + pair] = pair & 255
    pixels[512 * 512 + 65_536 + pair] = pair >> 8
  }
  return pixels
}

test('the second writing of BT.601 gives the bytes that serve, for all differences at 17 lumas', () => {
  for (let luma = 0; luma < 256; luma += 15) {
    const source = picture(luma)
    const target = new Uint8ClampedArray(512 * 512 * 3)
    packYuv420p({ source, target, ...size, colourOrder: 'rgb' })
    const { rgb } = rgbOfYuv({ pixels: source, ...size })
    assert.equal(Buffer.compare(rgb, new Uint8Array(target.buffer)), 0, `luma ${luma}`)
  }
})

test('black, white and the primaries are what BT.601 says', () => {
  for (const [yuv, rgb] of [
    [
      [16, 128, 128],
      [0, 0, 0],
    ],
    [
      [235, 128, 128],
      [255, 255, 255],
    ],
    [
      [81, 90, 240],
      [254, 0, 0],
    ],
    [
      [145, 54, 34],
      [0, 255, 1],
    ],
    [
      [41, 240, 110],
      [0, 0, 255],
    ],
  ] as const) {
    const [luma = 0, blue = 0, red = 0] = yuv
    const pixels = Uint8Array.of(luma, luma, luma, luma, blue, red)
    const found = [...rgbOfYuv({ pixels, width: 2, height: 2 }).rgb.subarray(0, 3)]
    assert.ok(
      found.every((byte, i) => Math.abs(byte - (rgb[i] ?? 0)) <= 1),
      `${yuv.join(',')}: ${found.join(',')}`,
    )
  }
})
