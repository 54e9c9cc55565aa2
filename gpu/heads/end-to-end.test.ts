import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertBoxes, decoded, outputOf } from './decoded.fixture.ts'
import { endToEndHead } from './end-to-end.ts'

const head = endToEndHead({ classCount: 3, score: 0.25 })
const padded = { width: 640, height: 640 }

for (const [name, row] of [
  ['a score below the threshold', [10, 10, 20, 20, 0.24, 0]],
  ['NaN as its score', [10, 10, 20, 20, NaN, 0]],
  ['a score above 1', [10, 10, 20, 20, 1.5, 0]],
  ['a class that the card does not name', [10, 10, 20, 20, 0.9, 3]],
  ['a negative class', [10, 10, 20, 20, 0.9, -1]],
  ['NaN as its class', [10, 10, 20, 20, 0.9, NaN]],
  ['its right before its left', [20, 10, 10, 20, 0.9, 0]],
  ['NaN as an edge', [10, NaN, 20, 20, 0.9, 0]],
] as const)
  test(`A row with ${name} is no candidate.`, () => {
    assert.deepEqual(decoded(head, [outputOf([1, 1, 6], row)], padded), [])
  })

test('Rows are corners, score and class; each picture of a batch has its own.', () => {
  const rows = [
    [10, 20, 110, 220, 0.9, 2],
    [0, 0, 0, 0, 0, 0],
    [5.5, 6.5, 7.5, 9.5, 0.25, 0],
    // The second picture.
    [300, 310, 320, 330, 0.5, 1],
  ]
  const output = outputOf([2, 3, 6], rows.flat())
  assertBoxes(decoded(head, [output], padded, 0), [
    [2, 0.9, 10, 20, 110, 220],
    [0, 0.25, 5.5, 6.5, 7.5, 9.5],
  ])
  assertBoxes(decoded(head, [output], padded, 1), [[1, 0.5, 300, 310, 320, 330]])
})

for (const [dims, kind] of [
  [[1, 300, 6], 'bound'],
  [[null, null, 6], 'bound'],
  [[1, 6, 300], 'refused'],
  [[300, 6], 'refused'],
  [[1, 300, 7], 'refused'],
] as const)
  test(`An output [${dims.map((dim) => dim ?? '?').join(', ')}] is ${kind}.`, () => {
    assert.equal(head.bind([{ name: 'output0', dims }]).kind, kind)
  })
