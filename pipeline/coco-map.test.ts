import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { generatedCase } from './coco-cases.fixture.ts'
import type { CocoDetection, CocoTruth } from './coco-files.ts'
import golden from './coco-golden.fixture.json' with { type: 'json' }
import { cocoMap } from './coco-map.ts'
import type { CocoBox } from './coco-match.ts'
import { differenceFrom, referenceSchema } from './coco-reference.fixture.ts'

const object: CocoBox = [10, 10, 40, 40]
const elsewhere: CocoBox = [200, 200, 40, 40]

function truthOf(
  boxes: readonly { readonly box: CocoBox; readonly id?: number; readonly iscrowd?: 0 | 1 }[],
): CocoTruth {
  return {
    images: [{ id: 1 }, { id: 2 }],
    categories: [{ id: 1, name: 'car' }],
    annotations: boxes.map(({ box, id, iscrowd = 0 }, index) => ({
      id: id ?? index + 1,
      image_id: 1,
      category_id: 1,
      bbox: box,
      area: box[2] * box[3],
      iscrowd,
    })),
  }
}

function found(box: CocoBox, score: number, image_id = 1): CocoDetection {
  return { image_id, category_id: 1, bbox: box, score }
}

for (const { name, truth, detections, ap } of [
  { name: 'nothing to find and nothing found', truth: [], detections: [], ap: -1 },
  { name: 'nothing to find', truth: [], detections: [found(object, 0.9)], ap: -1 },
  { name: 'a crowd alone', truth: [{ box: object, iscrowd: 1 }], detections: [], ap: -1 },
  { name: 'nothing found', truth: [{ box: object }], detections: [], ap: 0 },
  { name: 'the object', truth: [{ box: object }], detections: [found(object, 0.1)], ap: 1 },
  {
    name: 'the object of annotation 0, which pycocotools counts as not found',
    truth: [{ box: object, id: 0 }],
    detections: [found(object, 0.1)],
    ap: 1,
  },
  {
    name: 'the object in the other picture',
    truth: [{ box: object }],
    detections: [found(object, 0.1, 2)],
    ap: 0,
  },
  {
    name: 'a stray before the object: half the precision at every recall',
    truth: [{ box: object }],
    detections: [found(elsewhere, 0.9), found(object, 0.8)],
    ap: 0.5,
  },
  {
    name: 'a stray after the object: no harm',
    truth: [{ box: object }],
    detections: [found(elsewhere, 0.7), found(object, 0.8)],
    ap: 1,
  },
  {
    name: 'one of two objects: precision 1 up to recall .5',
    truth: [{ box: object }, { box: elsewhere }],
    detections: [found(object, 0.8)],
    ap: 51 / 101,
  },
  {
    name: 'strays in a crowd: no harm',
    truth: [{ box: object }, { box: elsewhere, iscrowd: 1 as const }],
    detections: [found(elsewhere, 0.9), found(elsewhere, 0.85), found(object, 0.8)],
    ap: 1,
  },
  {
    name: 'an overlap of .5 exactly: found at the first of ten thresholds',
    truth: [{ box: object }],
    detections: [found([10, 10, 40, 20], 0.8)],
    ap: 0.1,
  },
] satisfies readonly {
  readonly name: string
  readonly truth: Parameters<typeof truthOf>[0]
  readonly detections: readonly CocoDetection[]
  readonly ap: number
}[])
  test(`AP of ${name}: ${ap.toFixed(3)}`, () => {
    const { stats, classes } = cocoMap(truthOf(truth), detections)
    assert.ok(Math.abs((stats[0] ?? NaN) - ap) < 1e-9, `${stats[0]}`)
    assert.equal(classes[0]?.ap, stats[0])
  })

test('sixty generated cases: what pycocotools 2.0.11 said of them, to 1e-6', () => {
  const expected = z.array(referenceSchema).length(60).parse(golden)
  for (const [number, reference] of expected.entries()) {
    const each = generatedCase(number)
    const difference = differenceFrom(each, reference)
    assert.ok(difference <= 1e-6, `case ${each.name} differs by ${difference}`)
  }
})
