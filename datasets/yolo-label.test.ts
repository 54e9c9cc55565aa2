import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatYoloLabels, parseYoloLabels } from './yolo-label.ts'

const size = { width: 1242, height: 375 }
const read = (text: string, classCount = 8) =>
  parseYoloLabels(text, { file: 'labels/a.txt', size, classCount })

for (const { name, text, refusal } of [
  {
    name: 'a class beyond the names',
    text: '8 .5 .5 .1 .1',
    refusal: /:1: class “8” is not 0 to 7/,
  },
  { name: 'a negative class', text: '-1 .5 .5 .1 .1', refusal: /class “-1”/ },
  { name: 'a class with a point', text: '0.0 .5 .5 .1 .1', refusal: /class “0.0”/ },
  { name: 'pixels', text: '0 .5 .5 .1 .1\n0 600 100 50 60', refusal: /:2: 600 is not a share/ },
  { name: 'four fields', text: '0 .5 .5 .1', refusal: /:1: 4 fields: neither/ },
  { name: 'a polygon with half a point', text: '0 .1 .1 .2 .1 .2 .2 .3', refusal: /8 fields/ },
  { name: 'a word', text: '0 .5 .5 x .1', refusal: /“x” is not a number/ },
] as const)
  test(`${name} is refused with file and line`, () => {
    assert.throws(() => read(text), { code: 'input_invalid', message: refusal })
  })

test('a polygon becomes the box around it', () => {
  const [found] = read('3 0.1 0.2 0.5 0.1 0.3 0.9\n')
  assert.equal(found?.isPolygon, true)
  assert.deepEqual(
    Object.entries(found?.box ?? {}).map(([edge, px]) => [edge, px.toFixed(4)]),
    Object.entries({ left: '124.2000', top: '37.5000', right: '621.0000', bottom: '337.5000' }),
  )
})

test('there and back moves no edge by more than a hundredth of a pixel, up to 16,384 px', () => {
  const side = fc.integer({ min: 1, max: 16_384 })
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(side, side, share, share, share, share, (width, height, a, b, c, d) => {
      const box = {
        left: Math.min(a, b) * width,
        top: Math.min(c, d) * height,
        right: Math.max(a, b) * width,
        bottom: Math.max(c, d) * height,
      }
      const text = formatYoloLabels([{ classIndex: 2, box }], { width, height })
      assert.match(text, /^2( [01]\.\d{8}){4}\n$/)
      const options = { file: 'x', size: { width, height }, classCount: 3 }
      const [back] = parseYoloLabels(text, options)
      for (const edge of ['left', 'top', 'right', 'bottom'] as const)
        assert.ok(Math.abs((back?.box[edge] ?? NaN) - box[edge]) <= 0.01)
    }),
  )
})

test('no box at all is an empty file', () => {
  assert.equal(formatYoloLabels([], size), '')
  assert.deepEqual(read(''), [])
})
