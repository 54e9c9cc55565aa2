import { crc32, inflateRawSync } from 'node:zlib'
import { PrepareError } from './prepare-error.ts'

/** Sizes and signatures: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16. */
const endOfDirectory = { signature: 0x06054b50, bytes: 22, commentBytesMax: 65_535 }
const directoryEntry = { signature: 0x02014b50, bytes: 46 }
const localHeader = { signature: 0x04034b50, bytes: 30 }
const method = { stored: 0, deflated: 8 }

/** Unpacks one file of a zip archive (a wheel is one). Throws PrepareError `wheel_invalid`. */
export function readZipMember(zip: Buffer, member: string, bytesMax = 64 * 1024 * 1024): Buffer {
  try {
    return unpack(zip, findEntry(zip, member), bytesMax)
  } catch (cause) {
    if (cause instanceof PrepareError) throw cause
    throw invalid(`broken zip archive at ${member}`, cause)
  }
}

interface Entry {
  readonly member: string
  readonly method: number
  readonly crc: number
  readonly packedBytes: number
  readonly bytes: number
  readonly offset: number
}

function findEntry(zip: Buffer, member: string): Entry {
  const end = findEndOfDirectory(zip)
  const count = zip.readUInt16LE(end + 10)
  let at = zip.readUInt32LE(end + 16)
  for (let i = 0; i < count; i++) {
    if (zip.readUInt32LE(at) !== directoryEntry.signature) break
    const nameBytes = zip.readUInt16LE(at + 28)
    const name = zip.toString(
      'utf8',
      at + directoryEntry.bytes,
      at + directoryEntry.bytes + nameBytes,
    )
    if (name === member)
      return {
        member,
        method: zip.readUInt16LE(at + 10),
        crc: zip.readUInt32LE(at + 16),
        packedBytes: zip.readUInt32LE(at + 20),
        bytes: zip.readUInt32LE(at + 24),
        offset: zip.readUInt32LE(at + 42),
      }
    at += directoryEntry.bytes + nameBytes + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  throw invalid(`the archive holds no ${member}`)
}

function findEndOfDirectory(zip: Buffer): number {
  const last = zip.length - endOfDirectory.bytes
  for (let at = last; at >= Math.max(0, last - endOfDirectory.commentBytesMax); at--)
    if (zip.readUInt32LE(at) === endOfDirectory.signature) return at
  throw invalid('not a zip archive')
}

function unpack(zip: Buffer, entry: Entry, bytesMax: number): Buffer {
  if (entry.bytes > bytesMax) throw invalid(`${entry.member} is larger than ${bytesMax} bytes`)
  if (zip.readUInt32LE(entry.offset) !== localHeader.signature)
    throw invalid(`broken zip archive at ${entry.member}`)
  const nameBytes = zip.readUInt16LE(entry.offset + 26)
  const extraBytes = zip.readUInt16LE(entry.offset + 28)
  const start = entry.offset + localHeader.bytes + nameBytes + extraBytes
  const packed = zip.subarray(start, start + entry.packedBytes)
  const data =
    entry.method === method.deflated
      ? inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.bytes) })
      : packed
  const isKnown = entry.method === method.deflated || entry.method === method.stored
  if (!isKnown || data.length !== entry.bytes || crc32(data) !== entry.crc)
    throw invalid(`broken zip archive at ${entry.member}`)
  return Buffer.from(data)
}

function invalid(message: string, cause?: unknown): PrepareError {
  return new PrepareError('wheel_invalid', message, { cause })
}
