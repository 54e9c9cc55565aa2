import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertBoxes, decoded, outputOf } from './decoded.fixture.ts'
import { detrHead } from './detr.ts'

const options = {
  outputs: { labels: 'labels', boxes: 'boxes', scores: 'scores' },
  classIds: null,
  classCount: 3,
  score: 0.4,
}
const head = detrHead(options)
const padded = { width: 320, height: 320 }

function query(label: number, box: readonly number[], score: number) {
  return [outputOf([1, 1], [label]), outputOf([1, 1, 4], box), outputOf([1, 1], [score])]
}

for (const [name, outputs] of [
  ['a score below the threshold', query(0, [1, 1, 9, 9], 0.39)],
  ['NaN as its score', query(0, [1, 1, 9, 9], NaN)],
  ['a label that the card does not name', query(3, [1, 1, 9, 9], 0.9)],
  ['NaN as its label', query(NaN, [1, 1, 9, 9], 0.9)],
  ['NaN as an edge', query(0, [1, 1, NaN, 9], 0.9)],
] as const)
  test(`A query with ${name} is no candidate.`, () => {
    assert.deepEqual(decoded(head, outputs, padded), [])
  })

const labels = outputOf([2, 2], [1, 0, 2, 2])
const boxes = outputOf([2, 2, 4], [10, 20, 30, 60, 0, 0, 5, 5, 100, 110, 120, 130, 1, 2, 3, 4])
const scores = outputOf([2, 2], [0.9, 0.1, 0.4, 0.8])

test('Each picture has its own queries.', () => {
  assertBoxes(decoded(head, [labels, boxes, scores], padded, 0), [[1, 0.9, 10, 20, 30, 60]])
  assertBoxes(decoded(head, [labels, boxes, scores], padded, 1), [
    [2, 0.4, 100, 110, 120, 130],
    [2, 0.8, 1, 2, 3, 4],
  ])
})

test('An export that squeezed its batch of one away is read as one picture, and never as two.', () => {
  const squeezed = [
    outputOf([2], [1, 0]),
    outputOf([2, 4], [10, 20, 30, 60, 1, 1, 2, 2]),
    outputOf([2], [0.9, 0.5]),
  ]
  assertBoxes(decoded(head, squeezed, padded), [
    [1, 0.9, 10, 20, 30, 60],
    [0, 0.5, 1, 1, 2, 2],
  ])
  assert.throws(() => decoded(head, squeezed, padded, 1), /of one picture/)
})

test("A network with numbers of its own is read by the card's class ids.", () => {
  const coco = detrHead({ ...options, classIds: [1, 18, 90] })
  assert.equal(decoded(coco, query(18, [1, 1, 9, 9], 0.9), padded)[0]?.[0], 1)
  assert.deepEqual(decoded(coco, query(2, [1, 1, 9, 9], 0.9), padded), [])
})

test('Outputs are found by name, in any order; a missing one is named beside those there are.', () => {
  const shapes = [
    { name: 'scores', dims: [null, 300] },
    { name: 'boxes', dims: [null, 300, 4] },
    { name: 'labels', dims: [null, 300] },
  ]
  assert.deepEqual(head.bind(shapes), { kind: 'bound', names: ['labels', 'boxes', 'scores'] })
  assert.deepEqual(head.bind(shapes.slice(0, 2)), {
    kind: 'refused',
    sentence: 'it has no output “labels”; it has scores [?, 300], boxes [?, 300, 4]',
  })
  const five = [...shapes.slice(1), { name: 'boxes', dims: [1, 300, 5] }].toReversed()
  assert.equal(head.bind(five).kind, 'refused')
})
