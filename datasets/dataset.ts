import type { Box, PictureSize } from './box.ts'
import type { LabelledBox } from './yolo-label.ts'

export const splits = ['train', 'val', 'test'] as const
export type Split = (typeof splits)[number]

/** A picture with its labels, wherever they came from. */
export interface DatasetImage extends PictureSize {
  /** Unique in its dataset; a file name without its ending. */
  readonly id: string
  /** Absolute. */
  readonly path: string
  readonly format: 'png' | 'jpeg'
  readonly sha256: string
  readonly split: Split | null
  /**
   * What was filmed together: a drive, a clip. Neighbours of one group look alike, so a group that lies on both sides
   * of a split makes the measured mAP a lie.
   */
  readonly group: string | null
  /** Clipped to the picture, 1 px at least on each side. */
  readonly boxes: readonly LabelledBox[]
  /** Where a detection is neither right nor wrong. */
  readonly ignore: readonly Box[]
}

export interface Dataset {
  readonly name: string
  readonly licence: string
  /** By class index. */
  readonly classes: readonly string[]
  /** In the order of their ids. */
  readonly images: readonly DatasetImage[]
}

/** By code points: the same on every machine, whatever its language. */
export function byCodePoints(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
