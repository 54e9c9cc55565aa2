import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Candidates, candidateValues } from './candidates.ts'
import { suppress } from './nms.ts'

type Box = readonly [
  classIndex: number,
  score: number,
  left: number,
  top: number,
  right: number,
  bottom: number,
]
const options = { iou: 0.45, detectionsMax: 300 }

function candidatesOf(boxes: readonly Box[]): Candidates {
  const candidates = new Candidates()
  for (const box of boxes) candidates.add(...box)
  return candidates
}

for (const [name, box] of [
  ['NaN as an edge', [0, 0.9, Number.NaN, 0, 10, 10]],
  ['an infinite edge', [0, 0.9, 0, 0, Infinity, 10]],
  ['two infinite edges', [0, 0.9, -Infinity, 0, Infinity, 10]],
  ['no width', [0, 0.9, 5, 0, 5, 10]],
  ['edges the wrong way round', [0, 0.9, 10, 0, 5, 10]],
] as const)
  test(`a box with ${name} is no candidate`, () => {
    assert.equal(candidatesOf([box]).count, 0)
  })

test('no candidates give no detections', () => {
  assert.deepEqual(suppress(new Candidates(), options), [])
})

for (const { name, boxes, kept } of [
  {
    name: 'the better of two that overlap stays, whatever their order',
    boxes: [
      [0, 0.5, 0, 0, 10, 10],
      [0, 0.9, 1, 0, 11, 10],
    ],
    kept: [1],
  },
  {
    name: 'two of different classes stay at the same place',
    boxes: [
      [0, 0.5, 0, 0, 10, 10],
      [1, 0.9, 0, 0, 10, 10],
    ],
    kept: [1, 0],
  },
  {
    name: 'of two equal scores the earlier one stays',
    boxes: [
      [0, 0.5, 0, 0, 10, 10],
      [0, 0.5, 0, 0, 10, 10],
    ],
    kept: [0],
  },
  {
    name: 'a box that only a fallen one covers stays',
    boxes: [
      [0, 0.9, 0, 0, 10, 10],
      [0, 0.8, 3, 0, 13, 10],
      [0, 0.7, 6, 0, 16, 10],
    ],
    kept: [0, 2],
  },
  {
    name: 'boxes that touch do not overlap',
    boxes: [
      [0, 0.9, 0, 0, 10, 10],
      [0, 0.8, 10, 0, 20, 10],
    ],
    kept: [0, 1],
  },
] as const)
  test(name, () => {
    assert.deepEqual(suppress(candidatesOf(boxes), options), kept)
  })

test('exactly the overlap that is allowed stays', () => {
  // 5 x 10 shared of 15 x 10: one third.
  const boxes: Box[] = [
    [0, 0.9, 0, 0, 10, 10],
    [0, 0.8, 5, 0, 15, 10],
  ]
  assert.deepEqual(suppress(candidatesOf(boxes), { ...options, iou: 1 / 3 }), [0, 1])
  assert.deepEqual(suppress(candidatesOf(boxes), { ...options, iou: 0.33 }), [0])
})

test('the best ones stay where there are more than the limit', () => {
  const boxes = Array.from({ length: 100 }, (_, i): Box => [0, i / 100, i * 20, 0, i * 20 + 10, 10])
  assert.deepEqual(suppress(candidatesOf(boxes), { ...options, detectionsMax: 3 }), [99, 98, 97])
})

const anyBox = fc
  .tuple(
    fc.integer({ min: 0, max: 2 }),
    fc.integer({ min: 0, max: 10 }),
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 1, max: 30 }),
  )
  .map(([k, s, x, y, w, h]): Box => [k, s / 10, x, y, x + w, y + h])
const anyBoxes = fc.array(anyBox, { maxLength: 150 })

function overlap(a: Box, b: Box): number {
  const width = Math.min(a[4], b[4]) - Math.max(a[2], b[2])
  const height = Math.min(a[5], b[5]) - Math.max(a[3], b[3])
  if (width <= 0 || height <= 0) return 0
  const areas = (a[4] - a[2]) * (a[5] - a[3]) + (b[4] - b[2]) * (b[5] - b[3])
  return (width * height) / (areas - width * height)
}

test('what stays does not overlap, and what fell overlaps a better one that stayed', () => {
  fc.assert(
    fc.property(anyBoxes, (boxes) => {
      const kept = suppress(candidatesOf(boxes), options)
      const at = (index: number): Box => boxes[index] ?? [0, 0, 0, 0, 0, 0]
      const isOne = (a: number, b: number): boolean =>
        at(a)[0] === at(b)[0] && overlap(at(a), at(b)) > options.iou
      for (const a of kept) assert.ok(!kept.some((b) => a !== b && isOne(a, b)))
      for (const index of boxes.keys())
        if (!kept.includes(index))
          assert.ok(kept.some((better) => isOne(better, index) && at(better)[1] >= at(index)[1]))
      const scores = kept.map((index) => at(index)[1])
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      )
    }),
  )
})

test('suppressing what stayed changes nothing', () => {
  fc.assert(
    fc.property(anyBoxes, (boxes) => {
      const kept = suppress(candidatesOf(boxes), options)
      const again = candidatesOf(kept.map((index) => boxes[index] ?? [0, 0, 0, 0, 0, 0]))
      assert.equal(suppress(again, options).length, kept.length)
    }),
  )
})

test('candidates are used again, and grow past what they were made for', () => {
  const candidates = new Candidates()
  for (let i = 0; i < 1000; i++) candidates.add(i % 80, 0.5, i, 0, i + 1, 1)
  assert.equal(candidates.count, 1000)
  assert.equal(candidates.values[999 * candidateValues + 2], 999)
  candidates.clear()
  assert.equal(candidates.count, 0)
})
