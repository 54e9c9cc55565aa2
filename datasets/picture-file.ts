import { crc32 } from 'node:zlib'
import type { PictureSize } from './box.ts'
import { invalidFile } from './dataset-error.ts'

export interface PictureFacts extends PictureSize {
  readonly format: 'png' | 'jpeg'
}

/** PNG specification (ISO/IEC 15948), sections 5.2 and 5.3. */
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** More pixels on a side are a broken header. */
const sideMaxPx = 65_535

/**
 * Format and size out of a picture's own headers, and whether the file is whole: checksums of a PNG's chunks, the end
 * of a JPEG. The pixels are not unpacked. Throws StageError `input_invalid`.
 */
export function inspectPicture(bytes: Buffer, file: string): PictureFacts {
  try {
    const facts = bytes.subarray(0, 8).equals(pngSignature) ? inspectPng(bytes) : inspectJpeg(bytes)
    const isPlausible = [facts.width, facts.height].every((side) => side > 0 && side <= sideMaxPx)
    if (!isPlausible) throw new BrokenPicture(`says that it is ${facts.width}x${facts.height}`)
    return facts
  } catch (error) {
    if (error instanceof BrokenPicture) throw invalidFile(file, error.message)
    // Reading beyond the end of the buffer.
    if (error instanceof RangeError) throw invalidFile(file, 'ends too early')
    throw error
  }
}

class BrokenPicture extends Error {}

function inspectPng(bytes: Buffer): PictureFacts {
  let size: PictureSize | null = null
  let at = pngSignature.length
  while (at < bytes.length) {
    const length = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    const checksum = bytes.readUInt32BE(at + 8 + length)
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== checksum)
      throw new BrokenPicture(`the checksum of its ${type} chunk is wrong`)
    if (type === 'IHDR')
      size = { width: bytes.readUInt32BE(at + 8), height: bytes.readUInt32BE(at + 12) }
    if (type === 'IEND') {
      if (size === null) break
      return { format: 'png', ...size }
    }
    at += 12 + length
  }
  throw new BrokenPicture('ends too early')
}

/** ITU-T T.81, annex B: markers from SOI to the frame header, which holds the size. */
function inspectJpeg(bytes: Buffer): PictureFacts {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8)
    throw new BrokenPicture(bytes.length === 0 ? 'is empty' : 'is neither a PNG nor a JPEG')
  // Cameras pad files with zeros after the end marker.
  const end = bytes.lastIndexOf(Buffer.from([0xff, 0xd9]))
  if (end < 0) throw new BrokenPicture('ends too early')
  let at = 2
  while (at < end) {
    if (bytes.readUInt8(at) !== 0xff) throw new BrokenPicture('has a broken marker')
    const marker = bytes.readUInt8(at + 1)
    const isFill = marker === 0xff
    if (isFrameHeader(marker))
      return {
        format: 'jpeg',
        height: bytes.readUInt16BE(at + 5),
        width: bytes.readUInt16BE(at + 7),
      }
    if (isFill) at += 1
    else at += 2 + bytes.readUInt16BE(at + 2)
  }
  throw new BrokenPicture('has no frame header')
}

/** SOF0 to SOF15, without DHT (C4), JPG (C8) and DAC (CC), which lie between them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
}
