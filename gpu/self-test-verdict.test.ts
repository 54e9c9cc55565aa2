import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeSelfTest } from './self-test-verdict.ts'

const person = { class: 'person', score: 0.87, left: 0.18, top: 0.07, width: 0.34, height: 0.58 }
const dog = { class: 'dog', score: 0.77, left: 0.66, top: 0.53, width: 0.25, height: 0.3 }
const card = {
  classes: ['person', 'dog'],
  thresholds: { score: 0.3, iou: 0.45, detectionsMax: 300 },
  selfTest: {
    photo: { package: 'p', version: '1.0.0', member: 'm', licence: 'MIT', sha256: '0'.repeat(64) },
    picture: { filter: 'null', width: 640, height: 360 },
    basis: 'published' as const,
    boxes: [person, dog],
    scoreTolerance: 0.08,
    edgeTolerance: 0.02,
  },
}
type Box = typeof person

function values(boxes: readonly Box[]): Float32Array {
  return new Float32Array(
    boxes.flatMap((box) => [
      card.classes.indexOf(box.class),
      box.score,
      box.left,
      box.top,
      box.width,
      box.height,
    ]),
  )
}

const right = [person, dog]
const moved = right.map((box) => ({ ...box, top: box.top + 0.047 }))
const many = Array.from({ length: 40 }, (_, i) => ({ ...person, left: i / 100 }))

for (const { name, asIs, swapped, suspect, says } of [
  {
    name: 'nothing found',
    asIs: [],
    swapped: [],
    suspect: 'scale',
    says: /but nothing: the card's scale/,
  },
  {
    name: 'boxes everywhere',
    asIs: many,
    swapped: many,
    suspect: 'scale',
    says: /but 40 boxes: the card's scale/,
  },
  {
    name: 'one object lost that comes back with red and blue swapped',
    asIs: [person],
    swapped: right,
    suspect: 'colour-order',
    says: /colour order is wrong/,
  },
  {
    name: 'all objects at another height',
    asIs: moved,
    swapped: moved,
    suspect: 'fit',
    says: /fit is likely wrong/,
  },
  {
    name: 'one object lost',
    asIs: [person],
    swapped: [person],
    suspect: 'unknown',
    says: /person 0\.87 at 0\.18,0\.07.*weights/,
  },
  {
    name: 'another class at the same place',
    asIs: [person, { ...dog, class: 'person' }],
    swapped: [],
    suspect: 'unknown',
    says: /weights/,
  },
  {
    name: 'a score far from the expected one',
    asIs: [person, { ...dog, score: 0.6 }],
    swapped: [],
    suspect: 'unknown',
    says: /weights/,
  },
  {
    name: 'a certain box too many',
    asIs: [...right, { ...dog, left: 0.1, score: 0.6 }],
    swapped: [],
    suspect: 'unknown',
    says: /weights/,
  },
] as const)
  test(`${name}: suspects ${suspect}`, () => {
    const verdict = judgeSelfTest(card, { asIs: values(asIs), swapped: values(swapped) })
    assert.equal(verdict?.suspect, suspect)
    assert.match(verdict.sentence, says)
  })

for (const [name, boxes] of [
  ['exactly the expected boxes', right],
  ['the expected boxes in another order', right.toReversed()],
  ['boxes within the tolerances', right.map((b) => ({ ...b, score: b.score - 0.07 }))],
  ['an uncertain box too many', [...right, { ...dog, left: 0.1, score: 0.34 }]],
] as const)
  test(`${name} pass`, () => {
    // Swapped colours that also agree are no reason to fail: a grey scene looks the same.
    const found = values(boxes)
    assert.equal(judgeSelfTest(card, { asIs: found, swapped: found }), null)
  })
