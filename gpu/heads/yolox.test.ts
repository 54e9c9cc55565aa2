import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Candidates, candidateValues } from '../candidates.ts'
import { yoloxHead } from './yolox.ts'

const classCount = 3
const values = 5 + classCount
const head = yoloxHead({ strides: [8, 16, 32], classCount, score: 0.3 })
const padded = { width: 64, height: 32 }
/** 8 x 4 cells of 8 pixels, 4 x 2 of 16, 2 x 1 of 32. */
const anchors = 32 + 8 + 2

function outputOf(rows: Readonly<Record<number, readonly number[]>>, count = 1) {
  const data = new Float32Array(count * anchors * values)
  for (const [anchor, row] of Object.entries(rows)) data.set(row, Number(anchor) * values)
  return { data, dims: [count, anchors, values] }
}

function decode(rows: Readonly<Record<number, readonly number[]>>, index = 0): number[][] {
  const candidates = new Candidates()
  head.decode([outputOf(rows, 2)], index, padded, candidates)
  return Array.from({ length: candidates.count }, (_, i) => [
    ...candidates.values.subarray(i * candidateValues, (i + 1) * candidateValues),
  ])
}

for (const [name, row] of [
  ['objectness below the threshold', [0, 0, 0, 0, 0.29, 1, 1, 1]],
  ['a product below the threshold', [0, 0, 0, 0, 0.5, 0.5, 0.4, 0.3]],
  ['NaN as objectness', [0, 0, 0, 0, Number.NaN, 1, 1, 1]],
  ['NaN as best class', [0, 0, 0, 0, 0.9, Number.NaN, 0.1, 0.1]],
  ['NaN as place', [Number.NaN, 0, 0, 0, 0.9, 1, 0, 0]],
  ['an infinite objectness', [0, 0, 0, 0, Infinity, 1, 0, 0]],
  ['an infinite size', [0, 0, 1000, 0, 0.9, 1, 0, 0]],
  ['an infinite place', [Infinity, 0, 0, 0, 0.9, 1, 0, 0]],
  ['no size at all', [0, 0, -Infinity, 0, 0.9, 1, 0, 0]],
] as const)
  test(`an anchor with ${name} is no candidate`, () => {
    assert.deepEqual(decode({ 5: row }), [])
  })

for (const { name, anchor, row, expected } of [
  {
    name: 'cell 5,1 of the finest grid',
    anchor: 8 + 5,
    row: [0.5, 0.25, Math.log(2), 0, 0.5, 0.1, 1, 0.2],
    // centre (5.5 * 8, 1.25 * 8), size (2 * 8, 1 * 8)
    expected: [1, 0.5, 36, 6, 52, 14],
  },
  {
    name: 'cell 2,1 of the middle grid',
    anchor: 32 + 4 + 2,
    row: [0, 0, 0, Math.log(0.5), 1, 0.75, 0.25, 0.5],
    // centre (32, 16), size (16, 8)
    expected: [0, 0.75, 24, 12, 40, 20],
  },
  {
    name: 'the last cell of the coarsest grid',
    anchor: 32 + 8 + 1,
    row: [-0.5, 0.5, 0, 0, 1, 0, 0, 0.5],
    // centre (0.5 * 32, 0.5 * 32), size (32, 32)
    expected: [2, 0.5, 0, 0, 32, 32],
  },
] as const)
  test(`${name} becomes its box`, () => {
    const boxes = decode({ [anchor]: row })
    assert.equal(boxes.length, 1)
    for (const [i, value] of expected.entries())
      assert.ok(Math.abs((boxes[0]?.[i] ?? NaN) - value) < 1e-4, `value ${i}: ${boxes[0]?.[i]}`)
  })

test('of two equal classes the first one is taken', () => {
  assert.equal(decode({ 0: [0.5, 0.5, 0, 0, 1, 0.2, 0.6, 0.6] })[0]?.[0], 1)
})

test('each picture of a batch is decoded from its own rows', () => {
  const row = [0.5, 0.5, 0, 0, 1, 1, 0, 0]
  assert.equal(decode({ [anchors + 3]: row }, 0).length, 0)
  assert.equal(decode({ [anchors + 3]: row }, 1).length, 1)
})

test('an output for another shape is refused as a bug', () => {
  const output = outputOf({})
  assert.throws(
    () => head.decode([output], 0, { width: 64, height: 64 }, new Candidates()),
    /fits 64x64/,
  )
})

for (const [dims, isRefused] of [
  [[null, null, 8], false],
  [[1, 3549, 8], false],
  [[1, 3549, null], false],
  [[1, 3549, 85], true],
  [[1, 84, 8400], true],
  [[300, 6], true],
] as const)
  test(`a file with output [${dims.map((dim) => dim ?? '?').join(', ')}] is ${isRefused ? 'refused' : 'taken'}`, () => {
    const { kind } = head.bind([{ name: 'output', dims }])
    assert.equal(kind, isRefused ? 'refused' : 'bound')
  })

test('a file with two outputs is refused, and they are named', () => {
  const dims = [1, 3549, 8]
  const binding = head.bind([
    { name: 'a', dims },
    { name: 'b', dims },
  ])
  assert.deepEqual(binding, {
    kind: 'refused',
    sentence: 'it has 2 outputs (a [1, 3549, 8], b [1, 3549, 8]), not one',
  })
})

test('whatever the network says, candidates are finite boxes of known classes at the threshold or above', () => {
  const anyNumber = fc.oneof(
    fc.float({ min: 0, max: 1 }),
    fc.float(),
    fc.constantFrom(NaN, Infinity, -Infinity),
  )
  const anyRow = fc.array(anyNumber, { minLength: values, maxLength: values })
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: anchors }), (rows) => {
      for (const box of decode(Object.fromEntries(rows.entries()))) {
        const [classIndex = -1, score = 0, left = 0, top = 0, right = 0, bottom = 0] = box
        assert.ok(box.every(Number.isFinite))
        assert.ok(Number.isInteger(classIndex) && classIndex >= 0 && classIndex < classCount)
        assert.ok(score >= Math.fround(0.3))
        assert.ok(right > left && bottom > top)
      }
    }),
  )
})
