import { candidateValues, type Candidates } from './candidates.ts'

/**
 * Greedy, class-aware non-maximum suppression: the indices of the candidates that stay, best first. A candidate
 * falls to a better one of its class that it overlaps by more than `iou`. Equal scores: the earlier one is better.
 * Ends at `detectionsMax`, so the work is at most that many overlaps a candidate.
 */
export function suppress(
  candidates: Candidates,
  options: { readonly iou: number; readonly detectionsMax: number },
): number[] {
  const { values, count } = candidates
  const order = Array.from({ length: count }, (_, i) => i)
  order.sort((a, b) => scoreOf(values, b) - scoreOf(values, a) || a - b)
  const kept: number[] = []
  for (const candidate of order) {
    if (kept.length === options.detectionsMax) break
    if (kept.every((better) => !isSameObject(values, better, candidate, options.iou)))
      kept.push(candidate)
  }
  return kept
}

function scoreOf(values: Float32Array, index: number): number {
  return values[index * candidateValues + 1] ?? 0
}

function isSameObject(values: Float32Array, a: number, b: number, iou: number): boolean {
  const isOneClass = values[a * candidateValues] === values[b * candidateValues]
  return isOneClass && overlap(values, a, b) > iou
}

/** Intersection over union, 0..1. */
function overlap(values: Float32Array, a: number, b: number): number {
  const i = a * candidateValues + 2
  const j = b * candidateValues + 2
  const leftA = values[i] ?? 0
  const topA = values[i + 1] ?? 0
  const rightA = values[i + 2] ?? 0
  const bottomA = values[i + 3] ?? 0
  const leftB = values[j] ?? 0
  const topB = values[j + 1] ?? 0
  const rightB = values[j + 2] ?? 0
  const bottomB = values[j + 3] ?? 0
  const width = Math.min(rightA, rightB) - Math.max(leftA, leftB)
  const height = Math.min(bottomA, bottomB) - Math.max(topA, topB)
  if (width <= 0 || height <= 0) return 0
  const shared = width * height
  return (
    shared / ((rightA - leftA) * (bottomA - topA) + (rightB - leftB) * (bottomB - topB) - shared)
  )
}
