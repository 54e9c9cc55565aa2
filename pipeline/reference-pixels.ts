import type { RgbPicture } from './reference-input.ts'

/** Full planes of luma, then blue and red difference at half the sides: FFmpeg's yuv420p. */
interface Yuv {
  readonly pixels: Uint8Array
  readonly width: number
  readonly height: number
}

/**
 * ITU-R BT.601-7, section 2.5, limited range, a pixel at a time in floating point. The tables that serve round their
 * sums once more: of all colours, 7 in a million channels are 1 apart.
 */
export function rgbOfYuv({ pixels, width, height }: Yuv): RgbPicture {
  const rgb = new Uint8Array(width * height * 3)
  const chromaWidth = width / 2
  const blueFrom = width * height
  const redFrom = blueFrom + chromaWidth * (height / 2)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const chroma = (y >> 1) * chromaWidth + (x >> 1)
      const luma = ((pixels[y * width + x] ?? 0) - 16) / 219
      const blue = ((pixels[blueFrom + chroma] ?? 0) - 128) / 224
      const red = ((pixels[redFrom + chroma] ?? 0) - 128) / 224
      const at = (y * width + x) * 3
      rgb[at] = byteOf(luma + 2 * (1 - 0.299) * red)
      rgb[at + 1] = byteOf(
        luma -
          ((2 * (1 - 0.114) * 0.114) / 0.587) * blue -
          ((2 * (1 - 0.299) * 0.299) / 0.587) * red,
      )
      rgb[at + 2] = byteOf(luma + 2 * (1 - 0.114) * blue)
    }
  return { rgb, width, height }
}

function byteOf(share: number): number {
  return Math.min(255, Math.max(0, Math.floor(share * 255 + 0.5)))
}
