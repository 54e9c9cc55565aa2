/** Seconds from the NTP era (1900) to the Unix epoch (RFC 5905 section 6). */
const ntpEpochOffsetS = 2_208_988_800

/** An RTCP sender report without report blocks (RFC 3550 section 6.4.1): 28 bytes. */
export function writeSenderReport(report: {
  readonly ssrc: number
  /** Milliseconds since the Unix epoch, with fraction. */
  readonly wallTimeMs: number
  /** Of the same instant as `wallTimeMs`. */
  readonly rtpTimestamp: number
  /** Since the stream began; both wrap at 32 bits. */
  readonly packetCount: number
  readonly payloadOctetCount: number
}): Buffer {
  const seconds = Math.floor(report.wallTimeMs / 1000)
  const fraction = Math.floor((report.wallTimeMs / 1000 - seconds) * 2 ** 32)
  const packet = Buffer.alloc(28)
  packet[0] = 0x80
  packet[1] = 200
  packet.writeUInt16BE(6, 2)
  packet.writeUInt32BE(report.ssrc, 4)
  packet.writeUInt32BE((seconds + ntpEpochOffsetS) >>> 0, 8)
  packet.writeUInt32BE(fraction >>> 0, 12)
  packet.writeUInt32BE(report.rtpTimestamp >>> 0, 16)
  packet.writeUInt32BE(report.packetCount >>> 0, 20)
  packet.writeUInt32BE(report.payloadOctetCount >>> 0, 24)
  return packet
}
