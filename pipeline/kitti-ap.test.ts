import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Box } from '#datasets/box.ts'
import type { KittiObject } from '#datasets/kitti-label.ts'
import { kittiAp } from './kitti-ap.ts'
import { generatedFrames } from './kitti-cases.fixture.ts'
import golden from './kitti-golden.fixture.json' with { type: 'json' }
import { kittiReferenceSchema, kittiDifferenceFrom } from './kitti-reference.fixture.ts'
import type { KittiFrame } from './kitti-match.ts'
import type { KittiDetection } from './kitti-rules.ts'

/** 100 px wide and high, easy. */
const car: KittiObject = {
  type: 'Car',
  truncated: 0,
  occluded: 0,
  box: { left: 100, top: 100, right: 200, bottom: 200 },
}
const second = withBox(car, { left: 400, right: 500 })

function withBox<T extends { readonly box: Box }>(object: T, edges: Partial<Box>): T {
  return { ...object, box: { ...object.box, ...edges } }
}

function found({ type, box }: KittiObject, score = 0.9): KittiDetection {
  return { type, box, score }
}

/** Recall is sampled at 41 points, for which one object is not enough. */
function copies(frame: KittiFrame): readonly KittiFrame[] {
  return Array.from({ length: 200 }, () => frame)
}

const region: KittiObject = { ...car, type: 'DontCare', occluded: -1, truncated: -1 }

/** A stray that costs precision wherever it counts: it is better than all others. */
const stray = found(withBox(car, { left: 800, right: 900 }), 0.99)

for (const { name, truth, detections, difficulty = 'easy', of = 'Car', r40 } of [
  { name: 'no object', truth: [], detections: [stray], r40: null },
  { name: 'an object not found', truth: [car], detections: [], r40: 0 },
  { name: 'an object found', truth: [car], detections: [found(car)], r40: 1 },
  {
    name: 'an object found and a better stray',
    truth: [car],
    detections: [found(car), stray],
    r40: 0.5,
  },
  {
    name: 'an overlap of .7 exactly, which is not enough of a Car',
    truth: [car],
    detections: [found(withBox(car, { bottom: 170 }))],
    r40: 0,
  },
  {
    name: 'an overlap of .71 of a Car',
    truth: [car],
    detections: [found(withBox(car, { bottom: 171 }))],
    r40: 1,
  },
  {
    name: 'an overlap of .51, which is enough of a Pedestrian',
    of: 'Pedestrian',
    truth: [{ ...car, type: 'Pedestrian' }],
    detections: [found(withBox({ ...car, type: 'Pedestrian' }, { bottom: 151 }))],
    r40: 1,
  },
  {
    name: 'a Van taken for a Car: no fault',
    truth: [car, { ...second, type: 'Van' }],
    detections: [found(car), found(second, 0.95)],
    r40: 1,
  },
  {
    name: 'a Truck taken for a Car: a fault',
    truth: [car, { ...second, type: 'Truck' }],
    detections: [found(car), found(second, 0.95)],
    r40: 0.5,
  },
  {
    name: 'a Person_sitting taken for a Pedestrian: no fault',
    of: 'Pedestrian',
    truth: [
      { ...car, type: 'Pedestrian' },
      { ...second, type: 'Person_sitting' },
    ],
    detections: [
      found({ ...car, type: 'Pedestrian' }),
      found({ ...second, type: 'Pedestrian' }, 0.95),
    ],
    r40: 1,
  },
  {
    name: 'a Person_sitting taken for a Cyclist: a fault',
    of: 'Cyclist',
    truth: [
      { ...car, type: 'Cyclist' },
      { ...second, type: 'Person_sitting' },
    ],
    detections: [found({ ...car, type: 'Cyclist' }), found({ ...second, type: 'Cyclist' }, 0.95)],
    r40: 0.5,
  },
  {
    name: 'a stray of which more than .7 lies in a DontCare region: no fault',
    truth: [car, withBox(region, { left: 800, right: 871 })],
    detections: [found(car), stray],
    r40: 1,
  },
  {
    name: 'a stray of which .7 exactly lies in a DontCare region: a fault',
    truth: [car, withBox(region, { left: 800, right: 870 })],
    detections: [found(car), stray],
    r40: 0.5,
  },
  {
    name: 'a DontCare region over a Car that is found: found all the same',
    truth: [car, region],
    detections: [found(car)],
    r40: 1,
  },
  {
    name: 'a second object of 39.9 px, found: not asked for when easy',
    truth: [car, withBox(second, { bottom: 139.9 })],
    detections: [found(car), found(withBox(second, { bottom: 139.9 }), 0.95)],
    r40: 1,
  },
  {
    name: 'a second object of 40 px, not found: missed when easy',
    truth: [car, withBox(second, { bottom: 140 })],
    detections: [found(car)],
    // Recall ends at .5, the sample 20 of 40.
    r40: 0.5,
  },
  {
    name: 'an object of 25 px when moderate',
    difficulty: 'moderate',
    truth: [withBox(car, { bottom: 125 })],
    detections: [found(withBox(car, { bottom: 125 }))],
    r40: 1,
  },
  {
    name: 'an object of 24.9 px when moderate: not asked for',
    difficulty: 'moderate',
    truth: [withBox(car, { bottom: 124.9 })],
    detections: [],
    r40: null,
  },
  {
    name: 'a stray under the least height: no fault',
    truth: [car],
    detections: [found(car), withBox(stray, { bottom: 139 })],
    r40: 1,
  },
  {
    name: 'an occluded object when easy: not asked for',
    truth: [{ ...car, occluded: 1 }],
    detections: [],
    r40: null,
  },
  {
    name: 'a partly occluded object when moderate',
    difficulty: 'moderate',
    truth: [{ ...car, occluded: 1 }],
    detections: [],
    r40: 0,
  },
  {
    name: 'a largely occluded object when hard',
    difficulty: 'hard',
    truth: [{ ...car, occluded: 2 }],
    detections: [],
    r40: 0,
  },
  {
    name: 'an object of unknown occlusion when hard: not asked for',
    difficulty: 'hard',
    truth: [{ ...car, occluded: 3 }],
    detections: [],
    r40: null,
  },
  {
    name: 'a truncation of .15 when easy',
    truth: [{ ...car, truncated: 0.15 }],
    detections: [],
    r40: 0,
  },
  {
    name: 'a truncation of .16 when easy: not asked for',
    truth: [{ ...car, truncated: 0.16 }],
    detections: [],
    r40: null,
  },
  {
    name: 'a truncation of .5 when hard',
    difficulty: 'hard',
    truth: [{ ...car, truncated: 0.5 }],
    detections: [],
    r40: 0,
  },
  {
    name: 'a truncation of .51 when hard: not asked for',
    difficulty: 'hard',
    truth: [{ ...car, truncated: 0.51 }],
    detections: [],
    r40: null,
  },
] satisfies readonly {
  readonly name: string
  readonly truth: readonly KittiObject[]
  readonly detections: readonly KittiDetection[]
  readonly difficulty?: 'easy' | 'moderate' | 'hard'
  readonly of?: 'Car' | 'Pedestrian' | 'Cyclist'
  readonly r40: number | null
}[])
  test(`KITTI AP of ${name}: ${r40 ?? 'none'}`, () => {
    const ap = kittiAp(copies({ truth, detections }))[of][difficulty]
    if (r40 === null) return assert.equal(ap, null)
    assert.ok(Math.abs((ap?.r40 ?? NaN) - r40) < 1e-9, `${ap?.r40}`)
  })

test('each recall is sampled once: one object alone has one score, and that is the sample at recall 0', () => {
  const ap = kittiAp([{ truth: [car], detections: [found(car)] }]).Car.easy
  assert.deepEqual(ap, { r40: 0, r11: 1 / 11, objects: 1 })
})

test('forty generated cases: what an independent implementation of the rules said of them', () => {
  const expected = kittiReferenceSchema.array().length(40).parse(golden)
  for (const [number, reference] of expected.entries())
    assert.ok(kittiDifferenceFrom(generatedFrames(number), reference) < 1e-6, `case ${number}`)
})
