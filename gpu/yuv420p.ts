import { assert } from '#std/assert.ts'
import type { ModelInput } from './model-card.ts'
import type { PixelBatch } from './model.ts'

/** Bytes of a picture in FFmpeg's `yuv420p`: a full plane of luma, then two of chroma with half the sides. Both are even. */
export function yuv420pBytes(size: { readonly width: number; readonly height: number }): number {
  return (size.width * size.height * 3) / 2
}

export interface PackOptions {
  /** One picture: BT.601, limited range, as `letterbox.ts` has FFmpeg make it. */
  readonly source: Uint8Array
  /** width * height * 3 bytes, rows without padding. */
  readonly target: Uint8ClampedArray
  readonly width: number
  readonly height: number
  readonly colourOrder: 'bgr' | 'rgb'
}

/**
 * yuv420p -> three bytes a pixel, on the thread that runs the model, for the frames that the model sees and no others:
 * FFmpeg puts out half as many bytes and does not convert what is superseded. Measured at 640x360 -> 416x234: 1.16
 * against 1.36 CPU-ms a decoded frame in FFmpeg, half the reads here; 0.38 CPU-ms a result for this (inside the graph:
 * 0.6 to 1.1). Each chroma sample stands for four pixels.
 */
export function packYuv420p({ source, target, width, height, colourOrder }: PackOptions): void {
  assert(source.length === yuv420pBytes({ width, height }), 'yuv420p has 1.5 bytes a pixel')
  assert(target.length === width * height * 3, 'packed pixels have 3 bytes')
  const order = colourOrder === 'bgr' ? 0 : 2
  const halfWidth = width / 2
  const chromaCount = halfWidth * (height / 2)
  const chromaStart = width * height
  for (let y = 0; y < height; y += 2) {
    let upper = y * width
    let lower = upper + width
    let chroma = chromaStart + (y / 2) * halfWidth
    for (const end = upper + width; upper < end; upper += 2, lower += 2, chroma++) {
      const cr = chroma + chromaCount
      const blue = lookUp(blueOf, source, chroma)
      const green = lookUp(greenOfBlue, source, chroma) + lookUp(greenOfRed, source, cr)
      const red = lookUp(redOf, source, cr)
      let luma = lookUp(lumaOf, source, upper)
      let at = upper * 3
      target[at + order] = (luma + blue) >> fractionBits
      target[at + 1] = (luma + green) >> fractionBits
      target[at + 2 - order] = (luma + red) >> fractionBits
      luma = lookUp(lumaOf, source, upper + 1)
      target[at + 3 + order] = (luma + blue) >> fractionBits
      target[at + 4] = (luma + green) >> fractionBits
      target[at + 5 - order] = (luma + red) >> fractionBits
      luma = lookUp(lumaOf, source, lower)
      at = lower * 3
      target[at + order] = (luma + blue) >> fractionBits
      target[at + 1] = (luma + green) >> fractionBits
      target[at + 2 - order] = (luma + red) >> fractionBits
      luma = lookUp(lumaOf, source, lower + 1)
      target[at + 3 + order] = (luma + blue) >> fractionBits
      target[at + 4] = (luma + green) >> fractionBits
      target[at + 5 - order] = (luma + red) >> fractionBits
    }
  }
}

/** One picture as `inputGeometry` has FFmpeg make it -> a batch of one for `Model.run`. */
export function packedPicture(
  input: Pick<ModelInput, 'colourOrder'>,
  picture: { readonly pixels: Uint8Array; readonly width: number; readonly height: number },
): PixelBatch {
  const { pixels: source, width, height } = picture
  const target = new Uint8ClampedArray(width * height * 3)
  packYuv420p({ source, target, width, height, colourOrder: input.colourOrder })
  return { pixels: new Uint8Array(target.buffer), count: 1, width, height }
}

// ITU-R BT.601-7, section 2.5: luma 16..235, chroma 16..240 around 128, in fixed point; a half is in the luma.
const fractionBits = 16
const one = 2 ** fractionBits
const lumaOf = table((y) => ((y - 16) * 255) / 219 + 0.5)
const blueOf = table((cb) => ((cb - 128) * 1.772 * 255) / 224)
const greenOfBlue = table((cb) => ((cb - 128) * -0.344_136 * 255) / 224)
const greenOfRed = table((cr) => ((cr - 128) * -0.714_136 * 255) / 224)
const redOf = table((cr) => ((cr - 128) * 1.402 * 255) / 224)

/** Small enough to be inlined: the loop keeps its speed. */
function lookUp(of: Int32Array, source: Uint8Array, index: number): number {
  return of[source[index] ?? 0] ?? 0
}

function table(value: (byte: number) => number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => Math.round(value(byte) * one))
}
