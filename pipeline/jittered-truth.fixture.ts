import type { CocoDetection, CocoTruth } from './coco-files.ts'
import { SeededRandom } from './seeded-random.fixture.ts'

/**
 * Ground truth for pictures that nobody labelled: what a model is sure of, each box moved by up to a tenth of its
 * side, some left out, some called a crowd.
 */
export function jitteredTruth(
  images: CocoTruth['images'],
  classes: readonly string[],
  detections: readonly CocoDetection[],
): CocoTruth {
  const random = new SeededRandom(7)
  const by = (side: number): number => (random.share() - 0.5) * 0.2 * side
  const annotations: CocoTruth['annotations'] = []
  for (const { image_id, category_id, bbox, score } of detections) {
    if (score < 0.3 || random.chance(0.1)) continue
    const [left, top, width, height] = bbox
    const box = [
      left + by(width),
      top + by(height),
      width + by(width),
      height + by(height),
    ] as const
    annotations.push({
      id: annotations.length + 1,
      image_id,
      category_id,
      bbox: box,
      area: box[2] * box[3],
      iscrowd: random.chance(0.1) ? 1 : 0,
    })
  }
  return {
    images,
    categories: classes.map((name, index) => ({ id: index + 1, name })),
    annotations,
  }
}
