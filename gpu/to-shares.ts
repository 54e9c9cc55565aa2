import { type Candidates, candidateValues } from './candidates.ts'
import type { Placement } from './letterbox.ts'

/**
 * Candidates that are kept, as 6 numbers each: class index, score, left, top, width, height. Shares of the picture,
 * clipped to it; what lies in the padding alone is left out.
 */
export function toShares(
  { values }: Candidates,
  kept: readonly number[],
  placement: Placement,
): Float32Array {
  const shares = new Float32Array(kept.length * candidateValues)
  let count = 0
  for (const index of kept) {
    const [classIndex = 0, score = 0, ...edges] = values.subarray(
      index * candidateValues,
      (index + 1) * candidateValues,
    )
    const [left = 0, top = 0, right = 0, bottom = 0] = edges
    const shareLeft = clip((left - placement.left) / placement.width)
    const shareTop = clip((top - placement.top) / placement.height)
    const shareWidth = clip((right - placement.left) / placement.width) - shareLeft
    const shareHeight = clip((bottom - placement.top) / placement.height) - shareTop
    if (shareWidth <= 0 || shareHeight <= 0) continue
    shares.set([classIndex, score, shareLeft, shareTop, shareWidth, shareHeight], count)
    count += candidateValues
  }
  return shares.subarray(0, count)
}

function clip(share: number): number {
  return Math.min(1, Math.max(0, share))
}
