import { NutCursor } from './nut-cursor.ts'
import { NutError } from './nut-error.ts'
import { parseFrameHeader } from './nut-frame-header.ts'
import {
  type NutMainHeader,
  type NutStreamHeader,
  nutStartByte,
  parseMainHeader,
  parseStreamHeader,
} from './nut-headers.ts'

export interface NutFrameSink {
  /** Where the pixels of the frame with this time go, exactly `frameBytes` long; null: nowhere. */
  onFrameStart(timeMs: number): Uint8Array | null
  /** All of them are there. */
  onFrameEnd(timeMs: number): void
}

/** A NUT file starts with this and one zero byte. */
const fileId = Buffer.from('nut/multimedia container\0', 'latin1')

/** FFmpeg's headers for one raw video are below 1 KiB each; more is not ours. */
const headerBytesMax = 16 * 1024

const startCode = {
  main: Buffer.from('4e4d7a561f5f04ad', 'hex'),
  stream: Buffer.from('4e5311405bf2f9db', 'hex'),
  syncpoint: Buffer.from('4e4be4adeeca4569', 'hex'),
  info: Buffer.from('4e49ab68b596ba78', 'hex'),
  index: Buffer.from('4e58dd672f23e64e', 'hex'),
} as const

/**
 * Incremental demultiplexer of the one raw video that `decodeArguments` asks for: bytes in, in pieces of any size;
 * pixels are copied once, from the piece into the sink's memory. Throws NutError on anything else, and is of no use
 * after that. Checksums are not verified: the bytes come through a pipe from a child on this machine.
 */
export class NutReader {
  readonly #frameBytes: number
  readonly #sink: NutFrameSink
  #isStarted = false
  /** Of an element that is not complete yet. */
  #pending: Uint8Array = Buffer.alloc(0)
  #main: NutMainHeader | null = null
  #stream: NutStreamHeader | null = null
  #lastPts = 0

  /** One read of a pipe: it brings a frame's header and its first pixels, which are copied. */
  readonly #scratch = new Uint8Array(64 * 1024)
  #timeMs = 0
  #target: Uint8Array | null = null
  #pixelsLeft = 0

  constructor(frameBytes: number, sink: NutFrameSink) {
    this.#frameBytes = frameBytes
    this.#sink = sink
  }

  /**
   * Where the next bytes may be read to, for a caller that can choose: the rest of the picture itself, or memory of
   * the reader's. Good until the next call of anything here; `filled` says how many came.
   */
  get room(): Uint8Array {
    if (this.#pixelsLeft === 0 || this.#target === null) return this.#scratch
    return this.#target.subarray(this.#frameBytes - this.#pixelsLeft)
  }

  filled(count: number): void {
    if (this.#pixelsLeft === 0 || this.#target === null) this.push(this.#scratch.subarray(0, count))
    else this.#advance(count)
  }

  push(chunk: Uint8Array): void {
    let rest = chunk
    while (rest.length > 0)
      rest = rest.subarray(this.#pixelsLeft > 0 ? this.#takePixels(rest) : this.#takeElement(rest))
  }

  /** Returns how many bytes were pixels. */
  #takePixels(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.#pixelsLeft)
    const pixels = count === bytes.length ? bytes : bytes.subarray(0, count)
    this.#target?.set(pixels, this.#frameBytes - this.#pixelsLeft)
    this.#advance(count)
    return count
  }

  #advance(count: number): void {
    this.#pixelsLeft -= count
    if (this.#pixelsLeft > 0) return
    this.#target = null
    this.#sink.onFrameEnd(this.#timeMs)
  }

  /** Returns how many bytes were used up: those of one element, or all of them while it is incomplete. */
  #takeElement(bytes: Uint8Array): number {
    const held = this.#pending.length
    const joined =
      held === 0 ? bytes : Buffer.concat([this.#pending, bytes.subarray(0, headerBytesMax)])
    const used = this.#parseElement(joined)
    if (used === 0) {
      if (joined.length > headerBytesMax) throw new NutError('nut_malformed', 'endless NUT header')
      this.#pending = joined.slice()
      return joined.length - held
    }
    this.#pending = joined.subarray(0, 0)
    return used - held
  }

  /** Returns its length, 0 while it is incomplete. */
  #parseElement(bytes: Uint8Array): number {
    if (!this.#isStarted) {
      if (bytes.length < fileId.length) return 0
      if (!fileId.equals(bytes.subarray(0, fileId.length)))
        throw new NutError('nut_malformed', 'not a NUT stream')
      this.#isStarted = true
      return fileId.length
    }
    return bytes[0] === nutStartByte ? this.#parsePacket(bytes) : this.#parseFrame(bytes)
  }

  #parsePacket(bytes: Uint8Array): number {
    const cursor = new NutCursor(bytes)
    cursor.skip(8)
    const length = cursor.unsigned()
    if (length > headerBytesMax) throw new NutError('nut_malformed', 'endless NUT packet')
    if (length > 4096) cursor.skip(4) // its header's checksum
    const start = cursor.offset
    cursor.skip(length)
    if (cursor.isShort) return 0
    // The last four bytes are the packet's checksum.
    this.#takePacket(
      bytes.subarray(0, 8),
      bytes.subarray(start, Math.max(start, cursor.offset - 4)),
    )
    return cursor.offset
  }

  /** FFmpeg repeats its headers now and then. */
  #takePacket(code: Uint8Array, body: Uint8Array): void {
    if (startCode.main.equals(code)) this.#main = parseMainHeader(body)
    else if (startCode.stream.equals(code)) {
      if (this.#main === null) throw new NutError('nut_malformed', 'NUT stream before its header')
      this.#stream = parseStreamHeader(body, this.#main)
    } else if (startCode.syncpoint.equals(code)) this.#takeSyncpoint(body)
    else if (!startCode.info.equals(code) && !startCode.index.equals(code))
      throw new NutError('nut_malformed', 'unknown NUT packet')
  }

  /** Sets the time that the next ones count from; FFmpeg writes one at the start even with `-syncpoints none`. */
  #takeSyncpoint(body: Uint8Array): void {
    const timeBases = this.#main?.timeBases ?? []
    const coded = new NutCursor(body).unsigned()
    const timeBase = timeBases[coded % timeBases.length]
    if (timeBase === undefined || this.#stream === null)
      throw new NutError('nut_malformed', 'NUT syncpoint before its headers')
    const seconds =
      (Math.floor(coded / timeBases.length) * timeBase.numerator) / timeBase.denominator
    const own = this.#stream.timeBase
    this.#lastPts = Math.floor((seconds * own.denominator) / own.numerator)
  }

  #parseFrame(bytes: Uint8Array): number {
    const code = this.#main?.frameCodes[bytes[0] ?? 0]
    const stream = this.#stream
    if (code === undefined || stream === null)
      throw new NutError('nut_malformed', 'NUT frame before its headers')
    const cursor = new NutCursor(bytes, 1)
    const { streamId, codedPts, headerIndex, size } = parseFrameHeader(cursor, code)
    if (cursor.isShort) return 0
    if (streamId !== 0 || headerIndex !== 0 || size !== this.#frameBytes)
      throw new NutError('nut_unexpected', `a picture of ${size}, not ${this.#frameBytes} bytes`)
    this.#lastPts =
      codedPts === null ? this.#lastPts + code.ptsDelta : this.#ptsOf(codedPts, stream.ptsBits)
    this.#startFrame(stream)
    return cursor.offset
  }

  /** Times below 2^bits are the low bits of one near the last, others are coded whole. */
  #ptsOf(coded: number, bits: number): number {
    const range = 2 ** bits
    if (coded >= range) return coded - range
    const low = this.#lastPts - Math.floor((range - 1) / 2)
    const distance = (coded - low) % range
    return low + (distance < 0 ? distance + range : distance)
  }

  #startFrame({ timeBase }: NutStreamHeader): void {
    const timeMs = (this.#lastPts * 1000 * timeBase.numerator) / timeBase.denominator
    if (!Number.isSafeInteger(timeMs) || timeMs < 0)
      throw new NutError('nut_unexpected', `a picture at ${timeMs} ms`)
    this.#timeMs = timeMs
    this.#target = this.#sink.onFrameStart(timeMs)
    this.#pixelsLeft = this.#frameBytes
  }
}
