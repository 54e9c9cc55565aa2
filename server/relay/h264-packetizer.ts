import { nalType, type AccessUnit } from '../rtsp/access-unit.ts'

/** Fits, with RTP, SRTP, UDP and IPv6 headers, into every path's 1,280 bytes (RFC 8200 section 5). */
export const rtpPayloadBytesMax = 1200

const rtpHeaderBytes = 12
const stapA = 24
const fuA = 28

/**
 * Access units -> RTP packets of one stream (RFC 6184, packetization-mode 1): STAP-A of the parameter sets before every
 * IDR, single NAL unit packets, FU-A. Sequence numbers run on for the packetizer's life, whatever happens to the camera.
 */
export class H264Packetizer {
  readonly #payloadType: number
  readonly #ssrc: number
  #sequenceNumber: number
  #rtpTimestamp = 0
  #emit: (packet: Buffer) => void = () => {}

  constructor(options: {
    /** 7 bits. */
    readonly payloadType: number
    /** 32 bits. */
    readonly ssrc: number
    /** Of the first packet; random where it goes out unencrypted (RFC 3550 section 5.1). */
    readonly firstSequenceNumber: number
  }) {
    this.#payloadType = options.payloadType
    this.#ssrc = options.ssrc
    this.#sequenceNumber = options.firstSequenceNumber & 0xffff
  }

  /** Leaves one number out, so that a receiver sees a loss and does not decode across it. */
  skipSequenceNumber(): void {
    this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff
  }

  /** `emit` gets each packet, in order; a packet is a buffer of its own with at most 12 + 1,200 bytes. */
  packetize(unit: AccessUnit, rtpTimestamp: number, emit: (packet: Buffer) => void): void {
    this.#rtpTimestamp = rtpTimestamp >>> 0
    this.#emit = emit
    if (unit.isKey) this.#sendParameterSets(unit)
    const { data } = unit
    const lastStart = lastNalStart(unit)
    for (let offset = 0; offset <= lastStart;) {
      const start = offset + 4
      const end = start + data.readUInt32BE(offset)
      if (start < end && isSent(unit, start)) this.#sendNal(data, start, end, offset === lastStart)
      offset = end
    }
  }

  /** A mediasoup consumer and a late decoder start only where an SPS stands right before the IDR. */
  #sendParameterSets(unit: AccessUnit): void {
    const sets = [...unit.parameterSets.sps, ...unit.parameterSets.pps]
    const bytes = sets.reduce((sum, set) => sum + 2 + set.length, 1)
    if (sets.length < 2 || bytes > rtpPayloadBytesMax) {
      for (const set of sets) this.#sendNal(set, 0, set.length, false)
      return
    }
    const packet = this.#newPacket(bytes, false)
    let offset = rtpHeaderBytes + 1
    let importance = 0
    for (const set of sets) {
      importance = Math.max(importance, (set[0] ?? 0) & 0x60)
      packet.writeUInt16BE(set.length, offset)
      offset += 2 + set.copy(packet, offset + 2)
    }
    // The aggregate's nal_ref_idc is the highest of its parts' (RFC 6184 section 5.7).
    packet[rtpHeaderBytes] = importance | stapA
    this.#emit(packet)
  }

  #sendNal(from: Buffer, start: number, end: number, isLastOfUnit: boolean): void {
    if (end - start <= rtpPayloadBytesMax) {
      const packet = this.#newPacket(end - start, isLastOfUnit)
      from.copy(packet, rtpHeaderBytes, start, end)
      this.#emit(packet)
      return
    }
    this.#sendFragments(from, start, end, isLastOfUnit)
  }

  /** FU-A (RFC 6184 section 5.8), evenly split: the last fragment is not a crumb in a packet of its own. */
  #sendFragments(from: Buffer, start: number, end: number, isLastOfUnit: boolean): void {
    const header = from[start] ?? 0
    const bodyStart = start + 1
    const count = Math.ceil((end - bodyStart) / (rtpPayloadBytesMax - 2))
    const step = Math.ceil((end - bodyStart) / count)
    for (let at = bodyStart; at < end; at += step) {
      const until = Math.min(at + step, end)
      const packet = this.#newPacket(2 + until - at, isLastOfUnit && until === end)
      packet[rtpHeaderBytes] = (header & 0xe0) | fuA
      packet[rtpHeaderBytes + 1] =
        (at === bodyStart ? 0x80 : 0) | (until === end ? 0x40 : 0) | (header & 0x1f)
      from.copy(packet, rtpHeaderBytes + 2, at, until)
      this.#emit(packet)
    }
  }

  #newPacket(payloadBytes: number, hasMarker: boolean): Buffer {
    const packet = Buffer.allocUnsafe(rtpHeaderBytes + payloadBytes)
    packet[0] = 0x80
    packet[1] = (hasMarker ? 0x80 : 0) | this.#payloadType
    packet.writeUInt16BE(this.#sequenceNumber, 2)
    packet.writeUInt32BE(this.#rtpTimestamp, 4)
    packet.writeUInt32BE(this.#ssrc, 8)
    this.skipSequenceNumber()
    return packet
  }
}

/** Offset of the length of the last NAL unit that goes out, -1 for none: it carries the marker. */
function lastNalStart(unit: AccessUnit): number {
  const { data } = unit
  let last = -1
  for (let offset = 0; offset + 4 <= data.length;) {
    const start = offset + 4
    const end = start + data.readUInt32BE(offset)
    if (end > data.length) break
    if (start < end && isSent(unit, start)) last = offset
    offset = end
  }
  return last
}

/**
 * A key unit's own sets went out with the STAP-A. Outside an IDR an SPS cannot take effect (H.264 7.4.1.2.1), and
 * mediasoup would take its packet for a key frame; a PPS can.
 */
function isSent(unit: AccessUnit, nalStart: number): boolean {
  const type = (unit.data[nalStart] ?? 0) & 0x1f
  return type !== nalType.sps && !(type === nalType.pps && unit.isKey)
}
