/** Where the parts of one RTP packet lie in its buffer (RFC 3550 section 5.1). Reused from packet to packet. */
export interface RtpHeader {
  payloadType: number
  marker: boolean
  sequence: number
  /** 32 bit, in the payload's clock rate. */
  timestamp: number
  ssrc: number
  /** Payload bytes: [payloadStart, payloadEnd) of the buffer. */
  payloadStart: number
  payloadEnd: number
}

export function emptyRtpHeader(): RtpHeader {
  return {
    payloadType: 0,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc: 0,
    payloadStart: 0,
    payloadEnd: 0,
  }
}

const fixedHeaderBytes = 12

/**
 * Reads the packet in bytes [start, end) into `header`; false when it is not a packet of version 2 with a payload.
 * CSRCs, a header extension and padding are stepped over.
 */
export function readRtpHeader(
  buffer: Buffer,
  start: number,
  end: number,
  header: RtpHeader,
): boolean {
  if (end - start < fixedHeaderBytes) return false
  const first = buffer[start] ?? 0
  if (first >> 6 !== 2) return false
  const second = buffer[start + 1] ?? 0
  let payloadStart = start + fixedHeaderBytes + (first & 0x0f) * 4
  if ((first & 0x10) !== 0) {
    if (payloadStart + 4 > end) return false
    payloadStart += 4 + buffer.readUInt16BE(payloadStart + 2) * 4
  }
  let payloadEnd = end
  if ((first & 0x20) !== 0) payloadEnd -= buffer[end - 1] ?? 0
  if (payloadStart >= payloadEnd) return false
  header.payloadType = second & 0x7f
  header.marker = (second & 0x80) !== 0
  header.sequence = buffer.readUInt16BE(start + 2)
  header.timestamp = buffer.readUInt32BE(start + 4)
  header.ssrc = buffer.readUInt32BE(start + 8)
  header.payloadStart = payloadStart
  header.payloadEnd = payloadEnd
  return true
}

export interface SenderReport {
  readonly ssrc: number
  /** The sender's wall clock, ms since 1970. */
  readonly ntpTimeMs: number
  /** The same instant on its RTP timeline. */
  readonly rtpTimestamp: number
}

/** Seconds between 1900 (NTP) and 1970 (RFC 868). */
const ntpEpochOffsetSeconds = 2_208_988_800

/** The first sender report of a compound RTCP packet in [start, end) (RFC 3550 section 6.4.1); null without one. */
export function readSenderReport(buffer: Buffer, start: number, end: number): SenderReport | null {
  for (let offset = start; offset + 4 <= end;) {
    if ((buffer[offset] ?? 0) >> 6 !== 2) return null
    const bytes = (buffer.readUInt16BE(offset + 2) + 1) * 4
    const isSenderReport = buffer[offset + 1] === 200
    if (isSenderReport && bytes >= 28 && offset + 28 <= end) {
      const seconds = buffer.readUInt32BE(offset + 8) - ntpEpochOffsetSeconds
      const fraction = buffer.readUInt32BE(offset + 12) / 2 ** 32
      return {
        ssrc: buffer.readUInt32BE(offset + 4),
        ntpTimeMs: (seconds + fraction) * 1000,
        rtpTimestamp: buffer.readUInt32BE(offset + 16),
      }
    }
    offset += bytes
  }
  return null
}
