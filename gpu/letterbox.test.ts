import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { contentSize, inputGeometry, placementOf } from './letterbox.ts'
import type { ModelInput } from './model-card.ts'

const base: ModelInput = {
  size: { longSide: 416 },
  stride: 32,
  layout: 'nchw',
  colourOrder: 'bgr',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  fit: 'letterbox-topleft',
  padValue: 114,
}
const inputs: readonly ModelInput[] = (
  ['letterbox-topleft', 'letterbox-centre', 'stretch'] as const
).flatMap((fit) => [
  { ...base, fit },
  { ...base, fit, size: { width: 640, height: 384 } },
  { ...base, fit, size: { longSide: 417 }, stride: 1 },
])
const anyInput = fc.constantFrom(...inputs)
const anySource = fc.record({
  width: fc.integer({ min: 1, max: 8192 }),
  height: fc.integer({ min: 1, max: 8192 }),
})

for (const [width, height] of [
  [0, 360],
  [640, -1],
  [Number.NaN, 360],
  [640.5, 360],
] as const)
  test(`a picture of ${width}x${height} is refused`, () => {
    assert.throws(() => contentSize(base, { width, height }), /width and a height/)
  })

for (const [source, content, padded] of [
  ['640x360', '416x234', '416x256'],
  ['1280x720', '416x234', '416x256'],
  ['768x576', '416x312', '416x320'],
  ['640x352', '416x228', '416x256'],
  ['360x640', '234x416', '256x416'],
  ['641x361', '416x234', '416x256'],
  ['416x416', '416x416', '416x416'],
  ['1x1', '416x416', '416x416'],
  ['1600x100', '416x26', '416x32'],
  ['100x1600', '26x416', '32x416'],
  ['8000x1', '416x2', '416x32'],
] as const)
  test(`a source of ${source} is scaled to ${content} and seen as ${padded}`, () => {
    const [width = 0, height = 0] = source.split('x').map(Number)
    const scaled = contentSize(base, { width, height })
    const seen = placementOf(base, scaled)
    assert.equal(`${scaled.width}x${scaled.height}`, content)
    assert.equal(`${seen.paddedWidth}x${seen.paddedHeight}`, padded)
  })

test('the filter scales without padding, and makes BT.601 in limited range of whatever the stream is tagged', () => {
  const geometry = inputGeometry({ input: base }, { width: 640, height: 360 })
  assert.deepEqual(geometry, {
    width: 416,
    height: 234,
    filter:
      'scale=416:234:flags=bilinear:in_color_matrix=auto:in_range=auto:out_color_matrix=bt601:out_range=limited',
    pixelFormat: 'yuv420p',
  })
  const input = { ...base, colourOrder: 'rgb' } as const
  assert.deepEqual(inputGeometry({ input }, { width: 640, height: 360 }), geometry)
})

test('a centred picture has half of the padding, rounded down, before it', () => {
  const seen = placementOf({ ...base, fit: 'letterbox-centre' }, { width: 416, height: 234 })
  assert.deepEqual([seen.left, seen.top], [0, 11])
  const odd = placementOf({ ...base, fit: 'letterbox-centre' }, { width: 415, height: 233 })
  assert.deepEqual([odd.left, odd.top], [0, 11])
})

test('the picture lies inside what the network sees, and that is made of whole strides', () => {
  fc.assert(
    fc.property(anyInput, anySource, (input, source) => {
      const content = contentSize(input, source)
      const seen = placementOf(input, content)
      assert.ok(content.width >= 1 && content.height >= 1)
      assert.ok(seen.left >= 0 && seen.left + seen.width <= seen.paddedWidth)
      assert.ok(seen.top >= 0 && seen.top + seen.height <= seen.paddedHeight)
      assert.equal(seen.paddedWidth % input.stride, 0)
      assert.equal(seen.paddedHeight % input.stride, 0)
      if (input.fit === 'stretch') {
        assert.equal(seen.width, seen.paddedWidth)
        assert.equal(seen.height, seen.paddedHeight)
      }
      assert.equal(content.width % 2, 0)
      assert.equal(content.height % 2, 0)
    }),
  )
})

test('a letterboxed picture keeps its aspect to within the rounding of its shorter side', () => {
  fc.assert(
    fc.property(anyInput, anySource, (input, source) => {
      fc.pre(input.fit !== 'stretch')
      const content = contentSize(input, source)
      const box =
        'longSide' in input.size
          ? { width: input.size.longSide, height: input.size.longSide }
          : input.size
      const factor = Math.min(box.width / source.width, box.height / source.height)
      for (const side of ['width', 'height'] as const)
        assert.ok(
          content[side] === 2 || Math.abs(content[side] - source[side] * factor) <= 1 + 1e-9,
        )
    }),
  )
})

test('a point of the source comes back to within half a pixel of it, for every fit', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(anyInput, anySource, share, share, (input, source, x, y) => {
      const seen = placementOf(input, contentSize(input, source))
      // The way there, in the float32 that the network computes in, and the way back that Model.run takes.
      const seenX = Math.fround(seen.left + x * seen.width)
      const seenY = Math.fround(seen.top + y * seen.height)
      const backX = ((seenX - seen.left) / seen.width) * source.width
      const backY = ((seenY - seen.top) / seen.height) * source.height
      assert.ok(Math.abs(backX - x * source.width) <= 0.5)
      assert.ok(Math.abs(backY - y * source.height) <= 0.5)
    }),
  )
})
