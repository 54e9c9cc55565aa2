import type { Box } from '#datasets/box.ts'
import type { KittiObject } from '#datasets/kitti-label.ts'
import type { KittiDetection, KittiRules } from './kitti-rules.ts'

/** One picture: its labels and what was found on it. */
export interface KittiFrame {
  readonly truth: readonly KittiObject[]
  readonly detections: readonly KittiDetection[]
}

interface Counts {
  readonly found: number
  readonly wrong: number
}

/**
 * Scores of the detections that find a wanted object, when each object takes the best one that overlaps it enough,
 * low ones included.
 */
export function scoresOfFound(frame: KittiFrame, rules: KittiRules): readonly number[] {
  const scores: number[] = []
  const isTaken = new Set<KittiDetection>()
  for (const object of frame.truth) {
    const role = rules.roleOfObject(object)
    if (role === 'other') continue
    let best: KittiDetection | null = null
    for (const detection of frame.detections)
      if (
        !isTaken.has(detection) &&
        rules.roleOfDetection(detection) !== 'other' &&
        (best === null || detection.score > best.score) &&
        overlapOf(detection.box, object.box) > rules.overlapMin
      )
        best = detection
    if (best === null) continue
    isTaken.add(best)
    if (role === 'wanted' && rules.roleOfDetection(best) === 'wanted') scores.push(best.score)
  }
  return scores
}

/**
 * Of the detections of at least that score: how many find a wanted object, when each object takes the one that
 * overlaps it most, the first of equals, and how many find nothing. What lies in a DontCare region (more of it than
 * the class's least overlap) is no fault. Low detections, of which the kit lets an object take one where there is no
 * other, change neither number.
 */
export function countAt(frame: KittiFrame, rules: KittiRules, scoreMin: number): Counts {
  const detections = frame.detections.filter(
    (detection) => detection.score >= scoreMin && rules.roleOfDetection(detection) === 'wanted',
  )
  let found = 0
  const isTaken = new Set<KittiDetection>()
  for (const object of frame.truth) {
    const role = rules.roleOfObject(object)
    if (role === 'other') continue
    let nearest: KittiDetection | null = null
    let least = rules.overlapMin
    for (const detection of detections) {
      const overlap = isTaken.has(detection) ? 0 : overlapOf(detection.box, object.box)
      if (overlap <= least) continue
      nearest = detection
      least = overlap
    }
    if (nearest === null) continue
    isTaken.add(nearest)
    if (role === 'wanted') found++
  }
  const regions = frame.truth.filter(({ type }) => type === 'DontCare')
  const isFault = (detection: KittiDetection): boolean =>
    !isTaken.has(detection) &&
    !regions.some((region) => coveredShare(detection.box, region.box) > rules.overlapMin)
  return { found, wrong: detections.filter(isFault).length }
}

function sharedArea(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left)
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
  return width <= 0 || height <= 0 ? 0 : width * height
}

function areaOf({ left, top, right, bottom }: Box): number {
  return (right - left) * (bottom - top)
}

/** Intersection over union. */
function overlapOf(a: Box, b: Box): number {
  const shared = sharedArea(a, b)
  return shared === 0 ? 0 : shared / (areaOf(a) + areaOf(b) - shared)
}

/** Of the detection's area. */
function coveredShare(detection: Box, region: Box): number {
  const shared = sharedArea(detection, region)
  return shared === 0 ? 0 : shared / areaOf(detection)
}
