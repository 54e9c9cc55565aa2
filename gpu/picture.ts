import sharp from 'sharp'
import { CodedError, messageOf } from '#std/coded-error.ts'

/** Rows of red, green, blue bytes without padding. */
export interface Picture {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

/** Shares of the picture, and what to write at the box. */
export interface PictureBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly label: string
  /** CSS colour. */
  readonly colour: string
}

export class PictureError extends CodedError<'picture_unreadable'> {
  override readonly name = 'PictureError'
}

/** 268 megapixels, sharp's own limit: a small file must not unpack to all memory. */
const pixelsMax = 268_402_689

/** A picture file or its bytes, turned upright. Never for a model: its pixels are scaled by FFmpeg. */
export async function decodePicture(source: string | Uint8Array): Promise<Picture> {
  try {
    const { data, info } = await sharp(source, { limitInputPixels: pixelsMax })
      .rotate()
      .flatten()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    return { data, width: info.width, height: info.height }
  } catch (cause) {
    throw new PictureError('picture_unreadable', `not a picture: ${messageOf(cause)}`, { cause })
  }
}

/**
 * How a picture file asks to be turned, EXIF 2.32, tag 274: 1 as it is, 6 a quarter to the right. 1 where it says
 * nothing; throws PictureError where it is none.
 */
export async function pictureOrientation(source: string | Uint8Array): Promise<number> {
  try {
    return (await sharp(source).metadata()).orientation ?? 1
  } catch (cause) {
    throw new PictureError('picture_unreadable', `not a picture: ${messageOf(cause)}`, { cause })
  }
}

/** How dark each pixel of a text is, 0..255, on a line of this height; all of them 0 where there is no font. */
export async function textMask(
  text: string,
  height: number,
): Promise<Omit<Picture, 'data'> & { readonly data: Uint8Array }> {
  const width = Math.ceil(height * (0.4 + 0.6 * text.length))
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<rect width="100%" height="100%"/><text x="${height * 0.2}" y="${height * 0.76}" fill="#fff" ` +
    `font-family="sans-serif" font-size="${height * 0.75}">${escapeXml(text)}</text></svg>`
  const { data } = await sharp(Buffer.from(svg))
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width, height }
}

/** JPEG, boxes drawn on it. */
export function encodeJpeg(
  picture: Picture,
  boxes: readonly PictureBox[] = [],
): Promise<Uint8Array> {
  const { data, width, height } = picture
  const image = sharp(data, { raw: { width, height, channels: 3 } })
  const overlay = Buffer.from(overlayOf(picture, boxes))
  const drawn = boxes.length === 0 ? image : image.composite([{ input: overlay }])
  // Halved colour would wash out lines of two pixels.
  const chromaSubsampling = boxes.length === 0 ? '4:2:0' : '4:4:4'
  return drawn.jpeg({ quality: 85, chromaSubsampling }).toBuffer()
}

function overlayOf({ width, height }: Picture, boxes: readonly PictureBox[]): string {
  const line = Math.max(2, Math.round(Math.max(width, height) / 400))
  const fontSize = Math.max(10, Math.round(Math.max(width, height) / 60))
  const drawn = boxes.map((box) => {
    const x = box.left * width
    const y = box.top * height
    const colour = escapeXml(box.colour)
    return (
      `<rect x="${x}" y="${y}" width="${box.width * width}" height="${box.height * height}" ` +
      `fill="none" stroke="${colour}" stroke-width="${line}"/>` +
      `<text x="${x + line}" y="${Math.max(fontSize, y - line)}" font-family="sans-serif" ` +
      `font-size="${fontSize}" fill="${colour}">${escapeXml(box.label)}</text>`
    )
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${drawn.join('')}</svg>`
}

function escapeXml(text: string): string {
  return text.replaceAll(/[<>&"']/g, (character) => `&#${character.codePointAt(0)};`)
}
