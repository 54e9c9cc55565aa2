import { contentLengthOf, parseHead, type RtspMessage } from './rtsp-message.ts'
import { RtspError } from './rtsp-error.ts'

/** An interleaved packet is at most 65,535 bytes and 4 of frame; a read may bring several. */
const bufferBytes = 256 * 1024
const headBytesMax = 16 * 1024
const bodyBytesMax = 64 * 1024
/** Bytes that are neither a packet nor a message, in a row, before the connection is given up. */
const garbageBytesMax = 64 * 1024
/** The same before the first message: line ends are forgiven, another protocol's greeting is not. */
const firstGarbageBytesMax = 4
const plausibleChannels = 32
const rtcpBytesMin = 8
const methodLettersMin = 3
const dollar = 0x24
const endOfHead = Buffer.from('\r\n\r\n')
/** How a message begins (RFC 2326 section 10, RFC 7826 section 13). */
const knownStarts = [
  'RTSP/',
  'ANNOUNCE ',
  'DESCRIBE ',
  'GET_PARAMETER ',
  'OPTIONS ',
  'PAUSE ',
  'PLAY ',
  'PLAY_NOTIFY ',
  'RECORD ',
  'REDIRECT ',
  'SETUP ',
  'SET_PARAMETER ',
  'TEARDOWN ',
].map((text) => Buffer.from(text))

export interface RtspReaderHandler {
  /** A packet of `channel` in bytes [start, end) of `buffer`, valid until this returns (RFC 2326 section 10.12). */
  onPacket(channel: number, buffer: Buffer, start: number, end: number): void
  onMessage(message: RtspMessage): void
}

/**
 * Cuts an RTSP connection's bytes into messages and interleaved packets, in one buffer that is read into and reused.
 * Throws RtspError `malformed` or `too_large`.
 */
export class RtspReader {
  readonly #handler: RtspReaderHandler
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes)
  #filled = 0
  #garbage = 0
  /** False after garbage, until something whole was found. */
  #isInStep = true
  #hasSpoken = false

  constructor(handler: RtspReaderHandler) {
    this.#handler = handler
  }

  /** Where the next bytes go. */
  target(): Buffer {
    return this.#buffer.subarray(this.#filled)
  }

  /** For a socket that hands over chunks; in pieces that fit. */
  push(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length;) {
      const copied = chunk.copy(this.target(), 0, offset)
      offset += copied
      this.received(copied)
    }
  }

  /** `count` bytes were written to `target()`. */
  received(count: number): void {
    this.#filled += count
    let offset = 0
    while (offset < this.#filled) {
      const used = this.#take(offset)
      if (used === 0) break
      offset += used
    }
    if (offset > 0) this.#buffer.copyWithin(0, offset, this.#filled)
    this.#filled -= offset
    if (this.#filled === this.#buffer.length)
      throw new RtspError('too_large', 'a message is larger than any that a camera sends')
  }

  /** Handles what starts at `offset`; bytes used, 0 = more are needed. */
  #take(offset: number): number {
    const first = this.#buffer[offset] ?? 0
    if (first === dollar) return this.#takePacket(offset)
    if (isUpperCase(first)) return this.#takeMessage(offset)
    return this.#skip()
  }

  #takePacket(offset: number): number {
    if (offset + 4 > this.#filled) return 0
    const end = offset + 4 + this.#buffer.readUInt16BE(offset + 2)
    // Video is full of dollar signs: behind garbage one must look like the head of an RTP packet.
    if (!this.#isInStep && !this.#looksLikeRtp(offset)) return this.#skip()
    if (end > this.#filled) return 0
    this.#garbage = 0
    this.#isInStep = true
    this.#handler.onPacket(this.#buffer[offset + 1] ?? 0, this.#buffer, offset + 4, end)
    return end - offset
  }

  #takeMessage(offset: number): number {
    const view = this.#buffer.subarray(offset, this.#filled)
    // Noise is full of capitals: behind it only what is known counts, or 16 KiB would be waited for in vain.
    if (!(isKnownStart(view) || (this.#isInStep && mayBeRequest(view)))) return this.#skip()
    const headEnd = view.indexOf(endOfHead)
    if (headEnd < 0) {
      if (view.length > headBytesMax) throw new RtspError('too_large', 'a head has over 16 KiB')
      return 0
    }
    const head = parseHead(view.toString('utf8', 0, headEnd))
    const length = contentLengthOf(head)
    if (!(length <= bodyBytesMax)) throw new RtspError('too_large', 'a body has over 64 KiB')
    const bodyStart = headEnd + endOfHead.length
    if (bodyStart + length > view.length) return 0
    this.#garbage = 0
    this.#isInStep = true
    this.#hasSpoken = true
    this.#handler.onMessage({ ...head, body: view.toString('utf8', bodyStart, bodyStart + length) })
    return bodyStart + length
  }

  /** Version 2 (RFC 3550 section 5.1), a length with room for a header, one of the first channels. */
  #looksLikeRtp(offset: number): boolean {
    const channel = this.#buffer[offset + 1] ?? 0
    const length = this.#buffer.readUInt16BE(offset + 2)
    const isVersion2 = offset + 4 >= this.#filled || (this.#buffer[offset + 4] ?? 0) >> 6 === 2
    return channel < plausibleChannels && length >= rtcpBytesMin && isVersion2
  }

  /** Steps over one byte that starts nothing: some cameras pad packets, or send a stray line end. */
  #skip(): number {
    this.#isInStep = false
    if (++this.#garbage > (this.#hasSpoken ? garbageBytesMax : firstGarbageBytesMax))
      throw new RtspError('malformed', 'what answers there does not speak RTSP')
    return 1
  }
}

function isUpperCase(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

/** The first bytes of a message, as far as they are there. */
function isKnownStart(view: Buffer): boolean {
  return knownStarts.some((start) => {
    const length = Math.min(start.length, view.length)
    return start.compare(view, 0, length, 0, length) === 0
  })
}

/** A method of the camera's own: capitals and `_`, then a space. Under three letters it is rather noise. */
function mayBeRequest(view: Buffer): boolean {
  for (let i = 1; i < view.length; i++) {
    const byte = view[i] ?? 0
    if (byte === 0x20) return i >= methodLettersMin
    if (!isUpperCase(byte) && byte !== 0x5f) return false
    if (i > 20) return false
  }
  return true
}
