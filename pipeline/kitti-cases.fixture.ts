import type { Box } from '#datasets/box.ts'
import type { KittiObject, KittiType } from '#datasets/kitti-label.ts'
import type { KittiFrame } from './kitti-match.ts'
import type { KittiDetection } from './kitti-rules.ts'
import { SeededRandom } from './seeded-random.fixture.ts'

/** Frames with all nine types, heights and overlaps at their limits, DontCare regions and equal scores. */
export function generatedFrames(number: number): readonly KittiFrame[] {
  const random = new SeededRandom(number + 1)
  return Array.from({ length: random.whole(1, 12) }, () => frameOf(random))
}

const types: readonly [KittiType, ...KittiType[]] = [
  'Car',
  'Car',
  'Car',
  'Pedestrian',
  'Pedestrian',
  'Cyclist',
  'Van',
  'Person_sitting',
  'Truck',
  'Tram',
  'Misc',
  'DontCare',
]

function frameOf(random: SeededRandom): KittiFrame {
  const alone = Array.from({ length: random.whole(0, 8) }, () => objectOf(random))
  // A neighbour so near that a detection of the one may be taken for the other.
  const twins = alone.filter(() => random.chance(0.3)).map((object) => beside(object, random))
  const truth = random.shuffled([...alone, ...twins])
  const detections: KittiDetection[] = []
  for (const object of truth)
    for (let i = random.whole(0, 2); i > 0; i--) detections.push(near(object, random))
  for (let i = random.whole(0, 3); i > 0; i--) detections.push(near(objectOf(random), random))
  return { truth, detections: random.shuffled(detections) }
}

function objectOf(random: SeededRandom): KittiObject {
  const left = random.whole(0, 1100)
  const top = random.whole(100, 250)
  return {
    type: random.oneOf(types),
    truncated: random.oneOf([0, 0, 0, 0.15, 0.16, 0.3, 0.31, 0.5, 0.51]),
    occluded: random.oneOf([0, 0, 0, 1, 2, 3]),
    box: {
      left,
      top,
      right: left + random.whole(10, 120),
      bottom: top + random.oneOf([24, 25, 26, 39, 40, 41, 60, 100]),
    },
  }
}

function beside(object: KittiObject, random: SeededRandom): KittiObject {
  const shift = random.whole(1, 6)
  return { ...object, box: moved(object.box, shift) }
}

/** The object itself, a part of it whose overlap is at a limit, or something beside it. */
function near(object: KittiObject, random: SeededRandom): KittiDetection {
  const score = random.whole(1, random.chance(0.3) ? 4 : 1000) / 1000
  const type: KittiType =
    object.type === 'DontCare' || random.chance(0.15)
      ? random.oneOf<KittiType>(['Car', 'Pedestrian', 'Cyclist'])
      : object.type
  const box = moved(object.box, random.whole(-8, 8))
  const kept = random.oneOf([1, 1, 0.95, 0.8, 0.7, 0.7, 0.5, 0.5, 0.3])
  return {
    type,
    score,
    box: { ...box, bottom: box.top + (box.bottom - box.top) * kept },
  }
}

function moved(box: Box, right: number): Box {
  return { ...box, left: box.left + right, right: box.right + right }
}
