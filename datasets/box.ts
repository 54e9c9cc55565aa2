/** Edges in pixels of the picture, which spans 0..width and 0..height; a coordinate is a place, not a pixel's index. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** Smaller boxes, clipped to the picture, are nothing that a detector could learn or be blamed for. */
export const sideMinPx = 1

export function clipBox(box: Box, { width, height }: PictureSize): Box {
  const within = (value: number, max: number): number => Math.min(max, Math.max(0, value))
  return {
    left: within(box.left, width),
    top: within(box.top, height),
    right: within(box.right, width),
    bottom: within(box.bottom, height),
  }
}

export function isTooSmall(box: Box): boolean {
  return box.right - box.left < sideMinPx || box.bottom - box.top < sideMinPx
}

/** Whether clipping moved an edge by more than the rounding of labels does. */
export function isMoved(from: Box, to: Box): boolean {
  const edges = ['left', 'top', 'right', 'bottom'] as const
  return edges.some((edge) => Math.abs(from[edge] - to[edge]) > 0.01)
}
