import { payloadType } from './clip-sdp.ts'

/** Payload bytes of one RTP packet: below an Ethernet frame of 1,500, as cameras send. */
const payloadBytesMax = 1400
const frameHeaderBytes = 4
const rtpHeaderBytes = 12
const fuHeaderBytes = 2
const senderReportBytes = 28
/** Seconds from 1900 (NTP) to 1970 (RFC 3550 section 4). */
const ntpEpochSeconds = 2_208_988_800
const fuA = 28

export interface InterleavedOptions {
  /** RTP goes here, RTCP on the next one. */
  readonly channel: number
  readonly ssrc: number
  readonly firstSequenceNumber: number
}

/** Turns access units into interleaved RTP (RFC 2326 section 10.12, RFC 6184 modes single NAL unit and FU-A). */
export class InterleavedWriter {
  readonly #options: InterleavedOptions
  #sequenceNumber: number
  #packets = 0
  #octets = 0

  constructor(options: InterleavedOptions) {
    this.#options = options
    this.#sequenceNumber = options.firstSequenceNumber
  }

  /** All packets of one access unit in one buffer; the last one carries the marker. */
  accessUnit(nals: readonly Buffer[], rtpTimestamp: number): Buffer {
    const out = Buffer.allocUnsafe(nals.reduce((bytes, nal) => bytes + sizeOf(nal), 0))
    let offset = 0
    for (const [index, nal] of nals.entries()) {
      const isLast = index === nals.length - 1
      if (nal.length <= payloadBytesMax) {
        offset = this.#header(out, offset, {
          payloadBytes: nal.length,
          rtpTimestamp,
          marker: isLast,
        })
        offset += nal.copy(out, offset)
      } else offset = this.#fragments(out, offset, nal, { rtpTimestamp, isLast })
    }
    return out
  }

  /** RTCP SR (RFC 3550 section 6.4.1): `wallTimeMs` is when `rtpTimestamp` was. */
  senderReport(wallTimeMs: number, rtpTimestamp: number): Buffer {
    const out = Buffer.alloc(frameHeaderBytes + senderReportBytes)
    out.writeUInt8(0x24, 0)
    out.writeUInt8(this.#options.channel + 1, 1)
    out.writeUInt16BE(senderReportBytes, 2)
    out.writeUInt8(0x80, 4)
    out.writeUInt8(200, 5)
    out.writeUInt16BE(senderReportBytes / 4 - 1, 6)
    out.writeUInt32BE(this.#options.ssrc, 8)
    out.writeUInt32BE((Math.floor(wallTimeMs / 1000) + ntpEpochSeconds) % 2 ** 32, 12)
    out.writeUInt32BE(Math.floor(((wallTimeMs % 1000) / 1000) * 2 ** 32), 16)
    out.writeUInt32BE(rtpTimestamp, 20)
    out.writeUInt32BE(this.#packets % 2 ** 32, 24)
    out.writeUInt32BE(this.#octets % 2 ** 32, 28)
    return out
  }

  #fragments(
    out: Buffer,
    start: number,
    nal: Buffer,
    unit: { readonly rtpTimestamp: number; readonly isLast: boolean },
  ): number {
    const first = nal[0] ?? 0
    const step = payloadBytesMax - fuHeaderBytes
    let offset = start
    for (let from = 1; from < nal.length; from += step) {
      const to = Math.min(from + step, nal.length)
      const isEnd = to === nal.length
      const payloadBytes = fuHeaderBytes + to - from
      const { rtpTimestamp } = unit
      offset = this.#header(out, offset, {
        payloadBytes,
        rtpTimestamp,
        marker: unit.isLast && isEnd,
      })
      out[offset] = (first & 0xe0) | fuA
      out[offset + 1] = (from === 1 ? 0x80 : 0) | (isEnd ? 0x40 : 0) | (first & 0x1f)
      offset += fuHeaderBytes
      offset += nal.copy(out, offset, from, to)
    }
    return offset
  }

  #header(
    out: Buffer,
    offset: number,
    packet: {
      readonly payloadBytes: number
      readonly rtpTimestamp: number
      readonly marker: boolean
    },
  ): number {
    out[offset] = 0x24
    out[offset + 1] = this.#options.channel
    out.writeUInt16BE(rtpHeaderBytes + packet.payloadBytes, offset + 2)
    out[offset + 4] = 0x80
    out[offset + 5] = (packet.marker ? 0x80 : 0) | payloadType
    out.writeUInt16BE(this.#sequenceNumber, offset + 6)
    out.writeUInt32BE(packet.rtpTimestamp, offset + 8)
    out.writeUInt32BE(this.#options.ssrc, offset + 12)
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff
    this.#packets++
    this.#octets += packet.payloadBytes
    return offset + frameHeaderBytes + rtpHeaderBytes
  }
}

/** Bytes on the wire. */
function sizeOf(nal: Buffer): number {
  const perPacket = frameHeaderBytes + rtpHeaderBytes
  if (nal.length <= payloadBytesMax) return perPacket + nal.length
  const fragments = Math.ceil((nal.length - 1) / (payloadBytesMax - fuHeaderBytes))
  return fragments * (perPacket + fuHeaderBytes) + nal.length - 1
}
