import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DetectedObject } from '#protocol/messages.ts'
import * as fc from 'fast-check'
import { planOverlay, type OverlayPlan, type OverlayRequest } from './overlay-plan.ts'

const picture = { left: 0, top: 60, width: 640, height: 360 }

function plan(objects: readonly DetectedObject[], more: Partial<OverlayRequest> = {}): OverlayPlan {
  return planOverlay({
    objects,
    picture,
    tile: { width: 640, height: 480 },
    hiddenClasses: new Set(),
    dashed: false,
    detail: false,
    footHeight: 30,
    measure: (text) => text.length * 6,
    ...more,
  })
}

function object(
  box: readonly [number, number, number, number],
  more: Partial<DetectedObject> = {},
): DetectedObject {
  const [left, top, width, height] = box
  return {
    trackId: null,
    class: 0,
    label: 'person',
    score: 0.9,
    box: [left, top, width, height],
    ...more,
  }
}

test('a box lands on whole pixels of the picture, not of the tile', () => {
  const [box] = plan([object([0.1004, 0.5, 0.25, 0.25])]).boxes
  assert.deepEqual(box, { left: 64, top: 240, width: 160, height: 90, colour: 1, small: false })
})

test('large boxes come first, so that small ones are drawn over them', () => {
  const { boxes } = plan([object([0.4, 0.4, 0.01, 0.01]), object([0, 0, 1, 1])])
  assert.deepEqual(
    boxes.map(({ small }) => small),
    [false, true],
  )
})

test('a hidden class has neither box nor label', () => {
  const { boxes, labels } = plan([object([0.1, 0.1, 0.5, 0.5])], {
    hiddenClasses: new Set(['person']),
  })
  assert.deepEqual([boxes, labels], [[], []])
})

const places: readonly {
  name: string
  box: readonly [number, number, number, number]
  tops: readonly number[]
}[] = [
  { name: 'above the box', box: [0.1, 0.5, 0.2, 0.2], tops: [240 - 17 - 1] },
  { name: 'below where there is no room above', box: [0.1, 0, 0.2, 0.2], tops: [60 + 72 + 1] },
  { name: 'inside where there is none below either', box: [0.1, 0, 0.2, 1], tops: [62] },
  { name: 'nowhere for a box under 20 px', box: [0.1, 0.5, 0.2, 0.05], tops: [] },
]
for (const { name, box, tops } of places)
  test(`the label stands ${name}`, () =>
    assert.deepEqual(
      plan([object(box)]).labels.map(({ top }) => top),
      tops,
    ))

test('of two labels in one place the better score has it, the other steps aside', () => {
  const same: readonly [number, number, number, number] = [0.3, 0.3, 0.2, 0.3]
  const { labels } = plan([
    object(same, { label: 'dog', score: 0.5 }),
    object(same, { label: 'cat', score: 0.8 }),
  ])
  assert.deepEqual(
    labels.map(({ name, top }) => [name, top]),
    [
      ['cat', 168 - 18],
      ['dog', 168 + 108 + 1],
    ],
  )
})

test('the foot of the tile stays free of labels', () => {
  const low = object([0.1, 0.72, 0.2, 0.28])
  const short = { tile: { width: 640, height: 420 } }
  assert.equal(plan([object([0.1, 0, 0.2, 0.92])], short).labels[0]?.top, 62)
  assert.ok((plan([low], short).labels[0]?.top ?? 999) + 17 <= 390)
})

test('a label never leaves the picture at the sides', () => {
  const right = plan([object([0.98, 0.5, 0.02, 0.2])]).labels[0]
  assert.ok(right !== undefined && right.left + right.width <= 640)
})

const texts: readonly {
  name: string
  object: Partial<DetectedObject>
  detail: boolean
  said: string
}[] = [
  { name: 'without a tracker the class alone', object: {}, detail: false, said: 'person' },
  { name: 'class and track', object: { trackId: 7 }, detail: false, said: 'person 7' },
  {
    name: 'full screen adds the score',
    object: { trackId: 7, score: 0.876 },
    detail: true,
    said: 'person 7 0.88',
  },
]
for (const { name, object: more, detail, said } of texts)
  test(`label: ${name}`, () => {
    const [label] = plan([object([0.1, 0.5, 0.2, 0.2], more)], { detail }).labels
    assert.equal(`${label?.name}${label?.rest}`, said)
  })

test('in a crowd the label is the track alone, and without one there is none', () => {
  const people = (trackId: number | null): DetectedObject[] =>
    Array.from({ length: 11 }, (_, i) => object([i * 0.09, 0.4, 0.05, 0.3], { trackId }))
  assert.deepEqual(
    new Set(plan(people(42)).labels.map(({ name, rest }) => name + rest)),
    new Set(['42']),
  )
  assert.deepEqual(plan(people(null)).labels, [])
  const wide = plan(people(null), {
    tile: { width: 1200, height: 480 },
    picture: { ...picture, width: 1200 },
  })
  assert.equal(wide.labels[0]?.name, 'person')
})

test('property: labels stay inside the picture and apart from each other', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const objects = fc.array(
    fc
      .tuple(share, share, share, share, share)
      .map(([x, y, w, h, score]) =>
        object([x, y, w * (1 - x), h * (1 - y)], { score, trackId: 1 }),
      ),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(objects, (many) => {
      const { boxes, labels } = plan(many)
      assert.equal(boxes.length, many.length)
      for (const label of labels) {
        assert.ok(label.top >= picture.top && label.top + label.height <= 420)
        for (const other of labels)
          assert.ok(
            label === other ||
              label.left >= other.left + other.width ||
              other.left >= label.left + label.width ||
              label.top >= other.top + other.height ||
              other.top >= label.top + label.height,
          )
      }
    }),
  )
})
