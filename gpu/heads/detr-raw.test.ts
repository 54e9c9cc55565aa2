import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertBoxes, decoded, outputOf } from './decoded.fixture.ts'
import { detrRawHead } from './detr-raw.ts'

const options = {
  outputs: { logits: 'logits', boxes: 'pred_boxes' },
  classIds: null,
  classCount: 3,
  score: 0.5,
}
const head = detrRawHead(options)
const padded = { width: 640, height: 320 }

function query(logits: readonly number[], box: readonly number[]) {
  return [outputOf([1, 1, logits.length], logits), outputOf([1, 1, 4], box)]
}

for (const [name, outputs] of [
  ['all logits below the threshold', query([-0.01, -5, -5], [0.5, 0.5, 0.1, 0.1])],
  ['NaN as every logit', query([NaN, NaN, NaN], [0.5, 0.5, 0.1, 0.1])],
  ['NaN as its place', query([3, 0, 0], [NaN, 0.5, 0.1, 0.1])],
  ['no size', query([3, 0, 0], [0.5, 0.5, 0, 0.1])],
] as const)
  test(`A query with ${name} is no candidate.`, () => {
    assert.deepEqual(decoded(head, outputs, padded), [])
  })

test('Shares become pixels of what the network saw, the best logit a score.', () => {
  const logits = outputOf([2, 2, 3], [0, Math.log(3), -1, -9, -9, -9, -9, -9, Math.log(9), 0, 0, 0])
  const boxes = outputOf(
    [2, 2, 4],
    [0.5, 0.5, 0.25, 0.5, 0, 0, 0, 0, 0.1, 0.2, 0.1, 0.1, 1, 1, 2, 2],
  )
  // sigmoid(ln 3) = 0.75; centre (320, 160), size (160, 160)
  assertBoxes(decoded(head, [logits, boxes], padded, 0), [[1, 0.75, 240, 80, 400, 240]])
  assertBoxes(decoded(head, [logits, boxes], padded, 1), [
    // sigmoid(ln 9) = 0.9; centre (64, 64), size (64, 32)
    [2, 0.9, 32, 48, 96, 80],
    [0, 0.5, 0, 0, 1280, 640],
  ])
})

test("Logits that no class of the card has, such as COCO's unused ids, are never the best.", () => {
  const coco = detrRawHead({ ...options, classCount: 2, classIds: [1, 3] })
  assertBoxes(decoded(coco, query([9, 0, 9, Math.log(3), 9], [0.5, 0.5, 0.1, 0.1]), padded), [
    [1, 0.75, 288, 144, 352, 176],
  ])
})

test('RF-DETR calls its boxes dets and its logits labels: names count, not order.', () => {
  const outputs = { logits: 'labels', boxes: 'dets' }
  const rfDetr = detrRawHead({ ...options, outputs, classIds: [1, 2, 90] })
  assert.deepEqual(
    rfDetr.bind([
      { name: 'dets', dims: [1, 300, 4] },
      { name: 'labels', dims: [1, 300, 91] },
    ]),
    { kind: 'bound', names: ['labels', 'dets'] },
  )
})

for (const [name, classIds, logits, kind] of [
  ['as many logits as classes', null, 3, 'bound'],
  ['more logits than classes', null, 4, 'refused'],
  ['enough logits for the largest id', [1, 2, 90], 91, 'bound'],
  ['too few logits for the largest id', [1, 2, 90], 90, 'refused'],
  ['a free number of logits', [1, 2, 90], null, 'bound'],
] as const)
  test(`A file with ${name} is ${kind}.`, () => {
    const shapes = [
      { name: 'logits', dims: [1, 300, logits] },
      { name: 'pred_boxes', dims: [1, 300, 4] },
    ]
    assert.equal(detrRawHead({ ...options, classIds }).bind(shapes).kind, kind)
  })
