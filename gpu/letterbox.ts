import { assert } from '#std/assert.ts'
import type { InputGeometry } from './detector.ts'
import type { ModelInput } from './model-card.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/** Where the picture lies inside what the network sees; pixels. */
export interface Placement extends Size {
  readonly left: number
  readonly top: number
  /** The whole, padding included; multiples of the stride. */
  readonly paddedWidth: number
  readonly paddedHeight: number
}

/**
 * How pictures of this size are scaled for a model: the *whole* picture into width x height, without padding (the
 * model file pads). So a share of the scaled picture is the same share of the source, for every fit.
 *
 * What comes out is BT.601 in limited range, whatever the stream is tagged with; where it is not tagged swscale takes
 * it for that (`sws_getCoefficients` of "unspecified").
 */
export function inputGeometry(card: { readonly input: ModelInput }, source: Size): InputGeometry {
  const { width, height } = contentSize(card.input, source)
  return {
    width,
    height,
    filter:
      `scale=${width}:${height}:flags=bilinear:in_color_matrix=auto:in_range=auto` +
      ':out_color_matrix=bt601:out_range=limited',
    pixelFormat: 'yuv420p',
  }
}

/**
 * The scaled picture's size. Sides are even (a chroma sample spans two pixels, and fewer shapes make fuller batches)
 * and at least 2, however long and thin the source: 10000x1 becomes 416x2.
 */
export function contentSize(input: ModelInput, source: Size): Size {
  assert(isSide(source.width) && isSide(source.height), 'a picture has a width and a height')
  if (input.fit === 'stretch') return stretchedSize(input, source)
  const box = 'longSide' in input.size ? square(input.size.longSide) : input.size
  const factor = Math.min(box.width / source.width, box.height / source.height)
  return {
    width: evenSide(source.width * factor, box.width),
    height: evenSide(source.height * factor, box.height),
  }
}

/** What the model file's prologue makes of a picture of size `content`. */
export function placementOf(input: ModelInput, content: Size): Placement {
  const padded = paddedSize(input, content)
  const isCentred = input.fit === 'letterbox-centre'
  return {
    left: isCentred ? Math.floor((padded.width - content.width) / 2) : 0,
    top: isCentred ? Math.floor((padded.height - content.height) / 2) : 0,
    width: content.width,
    height: content.height,
    paddedWidth: padded.width,
    paddedHeight: padded.height,
  }
}

function paddedSize(input: ModelInput, content: Size): Size {
  if (!('longSide' in input.size)) return input.size
  return {
    width: Math.ceil(content.width / input.stride) * input.stride,
    height: Math.ceil(content.height / input.stride) * input.stride,
  }
}

/** Without padding both sides must be multiples of the stride themselves, and even. */
function stretchedSize(input: ModelInput, source: Size): Size {
  if (!('longSide' in input.size)) return input.size
  const factor = input.size.longSide / Math.max(source.width, source.height)
  const unit = input.stride % 2 === 0 ? input.stride : input.stride * 2
  const side = (pixels: number): number => Math.max(1, Math.round((pixels * factor) / unit)) * unit
  return { width: side(source.width), height: side(source.height) }
}

function evenSide(pixels: number, max: number): number {
  return Math.min(Math.floor(max / 2) * 2, Math.max(2, Math.round(pixels / 2) * 2))
}

function square(side: number): Size {
  return { width: side, height: side }
}

function isSide(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}
