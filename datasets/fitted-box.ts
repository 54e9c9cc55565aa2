import { type Box, clipBox, isMoved, isTooSmall, type PictureSize } from './box.ts'
import type { Findings } from './findings.ts'

/** The box as a dataset holds it, clipped; null where too little is left of it. Both are told to the findings. */
export function fitBox(
  box: Box,
  options: { readonly size: PictureSize; readonly findings: Findings; readonly where: string },
): Box | null {
  const { size, findings, where } = options
  const { width, height } = size
  const isOutside = box.right <= 0 || box.bottom <= 0 || box.left >= width || box.top >= height
  if (isOutside) {
    findings.add('box_outside', where)
    return null
  }
  const clipped = clipBox(box, size)
  if (isTooSmall(clipped)) {
    findings.add('box_too_small', where)
    return null
  }
  if (isMoved(box, clipped)) findings.add('box_clipped', where)
  return clipped
}
