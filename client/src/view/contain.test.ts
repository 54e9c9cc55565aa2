import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { containRect, type Rect, type Size } from './contain.ts'

const size = (width: number, height: number): Size => ({ width, height })
const rect = (left: number, top: number, width: number, height: number): Rect => ({
  left,
  top,
  width,
  height,
})

const cases: readonly { name: string; picture: Size; box: Size; expected: Rect | null }[] = [
  { name: 'no picture yet', picture: size(0, 0), box: size(400, 300), expected: null },
  { name: 'a tile of no height', picture: size(640, 360), box: size(400, 0), expected: null },
  { name: 'no numbers at all', picture: size(NaN, 360), box: size(400, 300), expected: null },
  {
    name: 'the same shape fills the box',
    picture: size(1280, 720),
    box: size(640, 360),
    expected: rect(0, 0, 640, 360),
  },
  {
    name: 'a wide picture has bars above and below',
    picture: size(1280, 720),
    box: size(640, 480),
    expected: rect(0, 60, 640, 360),
  },
  {
    name: 'a tall picture has bars left and right',
    picture: size(720, 1280),
    box: size(640, 480),
    expected: rect(185, 0, 270, 480),
  },
  {
    name: 'a small picture is enlarged',
    picture: size(160, 120),
    box: size(1600, 900),
    expected: rect(200, 0, 1200, 900),
  },
]

for (const { name, picture, box, expected } of cases)
  test(name, () => assert.deepEqual(containRect(picture, box), expected))

test('property: whole, centred, touching two opposite sides, in its own shape', () => {
  const edge = fc.double({ min: 1, max: 8_192, noNaN: true })
  fc.assert(
    fc.property(edge, edge, edge, edge, (pictureWidth, pictureHeight, width, height) => {
      const placed = containRect(size(pictureWidth, pictureHeight), size(width, height))
      assert.ok(placed !== null)
      const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-6 * (1 + Math.abs(b))
      assert.ok(near(placed.left * 2 + placed.width, width))
      assert.ok(near(placed.top * 2 + placed.height, height))
      assert.ok(placed.left > -1e-6 && placed.top > -1e-6)
      assert.ok(near(placed.left, 0) || near(placed.top, 0) || placed.left * placed.top < 1e-3)
      assert.ok(near(placed.width * pictureHeight, placed.height * pictureWidth))
    }),
  )
})
