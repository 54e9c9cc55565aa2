import type { RgbPicture } from './reference-input.ts'

/** Full planes of luma, then blue and red difference at half the sides: FFmpeg's yuv420p. */
interface Yuv {
  readonly pixels: Uint8Array
  readonly width: number
  readonly height: number
}

/**
 * ITU-R BT.601-7, section 2.5, limited range, a pixel at a time. Each term of the sums is rounded to 1/65536, as the
 * tables that serve have it: else 7 channels in a million are 1 apart, which a network that was quantised with ranges
 * of each picture answers with other boxes.
 */
export function rgbOfYuv({ pixels, width, height }: Yuv): RgbPicture {
  const rgb = new Uint8Array(width * height * 3)
  const chromaWidth = width / 2
  const blueFrom = width * height
  const redFrom = blueFrom + chromaWidth * (height / 2)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const chroma = (y >> 1) * chromaWidth + (x >> 1)
      const luma = (255 / 219) * ((pixels[y * width + x] ?? 0) - 16)
      const blue = (255 / 224) * ((pixels[blueFrom + chroma] ?? 0) - 128)
      const red = (255 / 224) * ((pixels[redFrom + chroma] ?? 0) - 128)
      const at = (y * width + x) * 3
      rgb[at] = byteOf(luma, 1.402 * red, 0)
      rgb[at + 1] = byteOf(luma, -0.344136 * blue, -0.714136 * red)
      rgb[at + 2] = byteOf(luma, 1.772 * blue, 0)
    }
  return { rgb, width, height }
}

function byteOf(luma: number, first: number, second: number): number {
  const sum = rounded(luma + 0.5) + rounded(first) + rounded(second)
  return Math.min(255, Math.max(0, Math.floor(sum)))
}

function rounded(term: number): number {
  return Math.round(term * 65_536) / 65_536
}
