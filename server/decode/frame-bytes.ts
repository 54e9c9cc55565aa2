import type { DecodeGeometry } from './decoder.ts'

/** Of one decoded picture: yuv420p has a byte of luma for each pixel, and two of chroma for four. */
export function frameBytesOf({ width, height }: DecodeGeometry): number {
  return (width * height * 3) / 2
}
