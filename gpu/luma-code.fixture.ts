/**
 * Numbers from 0 to 219 as grey pixels, for models of no network: packing turns luma 16 + n into about n * 255 / 219,
 * which is undone without loss.
 */

/** A yuv420p picture whose first pixels have these numbers, and its last one `last`; the others 0. */
export function codedPicture(
  size: { readonly width: number; readonly height: number },
  first: readonly number[],
  last = 0,
): Uint8Array {
  const pixels = size.width * size.height
  const picture = new Uint8Array((pixels * 3) / 2).fill(16, 0, pixels).fill(128, pixels)
  picture[pixels - 1] = 16 + last
  for (const [index, code] of first.entries()) picture[index] = 16 + code
  return picture
}

/** What a byte of a packed pixel stands for. */
export function codeOf(packed: number | undefined): number {
  return Math.round(((packed ?? 0) * 219) / 255)
}
