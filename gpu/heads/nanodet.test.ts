import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertBoxes, decoded, outputOf } from './decoded.fixture.ts'
import { nanodetHead } from './nanodet.ts'

const levels = [
  { stride: 8, scores: 'c8', distances: 'd8' },
  { stride: 16, scores: 'c16', distances: 'd16' },
]
const head = nanodetHead({ levels, cellCentre: 0.5, classCount: 2, score: 0.35 })
/** 4 x 2 cells of 8 pixels, 2 x 1 of 16. */
const padded = { width: 32, height: 16 }
const bins = 8

/** Logits that put everything on one distance. */
function exactly(distance: number): number[] {
  return Array.from({ length: bins }, (_, bin) => (bin === distance ? 60 : 0))
}

function outputs(options: {
  readonly level: 0 | 1
  readonly cell: number
  readonly scores: readonly number[]
  readonly sides: readonly (readonly number[])[]
}) {
  const cells = [8, 2] as const
  return cells.flatMap((count, level) => {
    const scores = outputOf([1, count, 2], [])
    const distances = outputOf([1, count, 4 * bins], [])
    if (level === options.level) {
      scores.data.set(options.scores, options.cell * 2)
      distances.data.set(options.sides.flat(), options.cell * 4 * bins)
    }
    return [scores, distances]
  })
}

const sides = [exactly(1), exactly(0), exactly(2), exactly(3)]

for (const [name, scores, its] of [
  ['scores below the threshold', [0.34, 0.1], sides],
  ['NaN as its scores', [NaN, 0.9], sides],
  ['NaN as a distance', [0.9, 0.1], [exactly(1), [NaN], exactly(1), exactly(1)]],
  ['no area', [0.9, 0.1], [exactly(0), exactly(0), exactly(0), exactly(0)]],
] as const)
  test(`A cell with ${name} is no candidate.`, () => {
    const found = decoded(head, outputs({ level: 0, cell: 5, scores, sides: its }), padded)
    assert.deepEqual(found, [])
  })

test('Distances lie around the middle of the cell, in strides.', () => {
  const fine = outputs({ level: 0, cell: 5, scores: [0.2, 0.8], sides })
  // Cell 1,1 of stride 8: centre (12, 12); 8 to the left, 0 up, 16 to the right, 24 down.
  assertBoxes(decoded(head, fine, padded), [[1, 0.8, 4, 12, 28, 36]])
  const coarse = outputs({ level: 1, cell: 1, scores: [0.9, 0.1], sides })
  // Cell 1,0 of stride 16: centre (24, 8).
  assertBoxes(decoded(head, coarse, padded), [[0, 0.9, 8, 8, 56, 56]])
})

test('A distribution counts by its expectation, however large its logits are.', () => {
  // Half on 1, half on 4: 2.5. All equal: 3.5.
  const half = [0, 1000, 0, 0, 1000, 0, 0, 0]
  const flat = Array.from({ length: bins }, () => -500)
  const its = [half, flat, half, flat]
  const found = decoded(head, outputs({ level: 0, cell: 0, scores: [0.5, 0], sides: its }), padded)
  assertBoxes(found, [[0, 0.5, 4 - 20, 4 - 28, 4 + 20, 4 + 28]])
})

test('NanoDet-Plus measures from the corner of the cell.', () => {
  const plus = nanodetHead({ levels, cellCentre: 0, classCount: 2, score: 0.35 })
  const fine = outputs({ level: 0, cell: 5, scores: [0.2, 0.8], sides })
  assertBoxes(decoded(plus, fine, padded), [[1, 0.8, 0, 8, 24, 32]])
})

test('Each picture of a batch is decoded from its own cells.', () => {
  const batch = outputs({ level: 0, cell: 5, scores: [0.2, 0.8], sides }).map(({ dims, data }) => {
    const both = outputOf([2, ...dims.slice(1)], [])
    both.data.set(data, data.length)
    return both
  })
  assert.deepEqual(decoded(head, batch, padded, 0), [])
  assertBoxes(decoded(head, batch, padded, 1), [[1, 0.8, 4, 12, 28, 36]])
})

test('Outputs of another shape than what the network saw are refused as a bug.', () => {
  const fine = outputs({ level: 0, cell: 5, scores: [0.2, 0.8], sides })
  assert.throws(() => decoded(head, fine, { width: 32, height: 32 }), /stride 8 fit 32x32/)
})

test('Outputs are found by name; one with another number of classes is refused.', () => {
  const shapes = (classes: number) => [
    { name: 'd16', dims: [1, 169, 32] },
    { name: 'c16', dims: [1, 169, classes] },
    { name: 'd8', dims: [1, 676, 32] },
    { name: 'c8', dims: [1, 676, classes] },
  ]
  assert.deepEqual(head.bind(shapes(2)), { kind: 'bound', names: ['c8', 'd8', 'c16', 'd16'] })
  assert.equal(head.bind(shapes(80)).kind, 'refused')
  assert.equal(head.bind(shapes(2).slice(1)).kind, 'refused')
})
