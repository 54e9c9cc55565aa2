import type { Size } from '#gpu/letterbox.ts'
import type { ModelInput } from '#gpu/model-card.ts'

/** Red, green, blue bytes, as FFmpeg scaled them. */
export interface RgbPicture extends Size {
  readonly rgb: Uint8Array
}

/** One picture as the network was trained on it, and where the picture lies in that. */
export interface ReferenceInput extends Size {
  /** In the layout of the card; 1 picture. */
  readonly data: Float32Array
  readonly left: number
  readonly top: number
}

/**
 * The card's words about its input, followed step by step in plain arithmetic: what the prologue inside the prepared
 * file is held against. Shares no code with it, nor with the letterbox geometry that serves.
 */
export function referenceInput(picture: RgbPicture, input: ModelInput): ReferenceInput {
  const whole = wholeSize(picture, input)
  const isCentred = input.fit === 'letterbox-centre'
  const left = isCentred ? Math.floor((whole.width - picture.width) / 2) : 0
  const top = isCentred ? Math.floor((whole.height - picture.height) / 2) : 0
  const data = new Float32Array(3 * whole.width * whole.height)
  const { pixels, channels } = { pixels: whole.width * whole.height, channels: 3 }
  for (let y = 0; y < whole.height; y++)
    for (let x = 0; x < whole.width; x++)
      for (let channel = 0; channel < channels; channel++) {
        const byte = byteAt(picture, { x: x - left, y: y - top, channel }, input)
        const value = normalised(byte, channel, input)
        const place = y * whole.width + x
        data[input.layout === 'nchw' ? channel * pixels + place : place * channels + channel] =
          value
      }
  return { data, ...whole, left, top }
}

function wholeSize(picture: Size, { size, stride, fit }: ModelInput): Size {
  if (!('longSide' in size)) return size
  if (fit === 'stretch') return { width: picture.width, height: picture.height }
  const up = (side: number): number => side + ((stride - (side % stride)) % stride)
  return { width: up(picture.width), height: up(picture.height) }
}

/**
 * (byte * scale - mean) / std as one factor and one sum of 32-bit floats, which is how graphs compute it: with ranges
 * measured on each picture, quantised networks tell a difference in the last bit.
 */
function normalised(byte: number, channel: number, { scale, mean, std }: ModelInput): number {
  const factor = Math.fround(scale / (std[channel] ?? 1))
  const shift = Math.fround(-(mean[channel] ?? 0) / (std[channel] ?? 1))
  return Math.fround(byte * factor) + shift
}

/** The picture's, or the padding's. */
function byteAt(
  { rgb, width, height }: RgbPicture,
  at: { readonly x: number; readonly y: number; readonly channel: number },
  { colourOrder, padValue }: ModelInput,
): number {
  if (at.x < 0 || at.y < 0 || at.x >= width || at.y >= height) return padValue
  const channel = colourOrder === 'bgr' ? 2 - at.channel : at.channel
  return rgb[(at.y * width + at.x) * 3 + channel] ?? 0
}
