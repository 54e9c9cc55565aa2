import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { assertBoxes, decoded, outputOf } from './decoded.fixture.ts'
import { yolov8Head } from './yolov8.ts'

const head = yolov8Head({ classCount: 3, score: 0.25 })
const padded = { width: 640, height: 640 }

/** [N, 7, 4] from columns: one anchor each. */
function columns(...pictures: readonly (readonly (readonly number[])[])[]) {
  const rows = pictures.flatMap((anchors) =>
    Array.from({ length: 7 }, (_, row) =>
      Array.from({ length: 4 }, (__, anchor) => anchors[anchor]?.[row] ?? 0),
    ),
  )
  return outputOf([pictures.length, 7, 4], rows.flat())
}

for (const [name, column] of [
  ['no class at the threshold', [100, 100, 20, 20, 0.24, 0.24, 0.1]],
  ['NaN as its score', [100, 100, 20, 20, NaN, 0, 0]],
  ['an infinite score', [100, 100, 20, 20, Infinity, 0, 0]],
  ['NaN as its place', [NaN, 100, 20, 20, 0.9, 0, 0]],
  ['an infinite size', [100, 100, Infinity, 20, 0.9, 0, 0]],
  ['no width', [100, 100, 0, 20, 0.9, 0, 0]],
] as const)
  test(`An anchor with ${name} is no candidate.`, () => {
    assert.deepEqual(decoded(head, [columns([column])], padded), [])
  })

test('Centre and size become corners, with the best class of each anchor.', () => {
  const found = decoded(
    head,
    [
      columns([
        [320, 240, 100, 50, 0.1, 0.9, 0.3],
        [10, 20, 4, 8, 0.2, 0.1, 0.05],
        [600, 630, 60, 20, 0.25, 0, 0],
        [50.5, 60.25, 1, 2, 0.5, 0.5, 0.75],
      ]),
    ],
    padded,
  )
  assertBoxes(found, [
    // 320 - 50, 240 - 25, 320 + 50, 240 + 25
    [1, 0.9, 270, 215, 370, 265],
    [0, 0.25, 570, 620, 630, 640],
    [2, 0.75, 50, 59.25, 51, 61.25],
  ])
})

test('Of two equal classes the first one is taken.', () => {
  assert.equal(decoded(head, [columns([[9, 9, 2, 2, 0.1, 0.6, 0.6]])], padded)[0]?.[0], 1)
})

test('Each picture of a batch is decoded from its own part, whatever the one before it held.', () => {
  const batch = columns([[10, 10, 4, 4, 0.9, 0, 0]], [[], [30, 30, 4, 4, 0, 0, 0.8]])
  assertBoxes(decoded(head, [batch], padded, 0), [[0, 0.9, 8, 8, 12, 12]])
  assertBoxes(decoded(head, [batch], padded, 1), [[2, 0.8, 28, 28, 32, 32]])
})

test('Another number of anchors, of another input shape, is taken as it comes.', () => {
  decoded(head, [columns([[10, 10, 4, 4, 0.9, 0, 0]])], padded)
  const wider = outputOf([1, 7, 6], [])
  wider.data[5] = 100
  wider.data[6 + 5] = 100
  wider.data[12 + 5] = 10
  wider.data[18 + 5] = 10
  wider.data[24 + 5] = 0.5
  assertBoxes(decoded(head, [wider], padded), [[0, 0.5, 95, 95, 105, 105]])
})

for (const [dims, kind] of [
  [[1, 7, 8400], 'bound'],
  [[null, 7, null], 'bound'],
  [[1, null, null], 'bound'],
  [[1, 84, 8400], 'refused'],
  [[1, 8400, 7], 'refused'],
  [[7, 8400], 'refused'],
] as const)
  test(`An output [${dims.map((dim) => dim ?? '?').join(', ')}] is ${kind}.`, () => {
    assert.equal(head.bind([{ name: 'output0', dims }]).kind, kind)
  })

test('Whatever the network says, candidates are finite boxes of known classes.', () => {
  const anyNumber = fc.oneof(
    fc.float({ min: 0, max: 1 }),
    fc.float(),
    fc.constantFrom(NaN, Infinity, -Infinity),
  )
  const anyColumn = fc.array(anyNumber, { minLength: 7, maxLength: 7 })
  fc.assert(
    fc.property(fc.array(anyColumn, { maxLength: 4 }), (anchors) => {
      for (const box of decoded(head, [columns(anchors)], padded)) {
        assert.ok(box.every(Number.isFinite))
        assert.ok((box[0] ?? -1) >= 0 && (box[0] ?? 3) < 3)
        assert.ok((box[1] ?? 0) >= 0.25 && (box[1] ?? 2) <= 1)
      }
    }),
  )
})
