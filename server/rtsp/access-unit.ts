/** The sets that a decoder needs before the first slice (H.264 7.3.2.1, 7.3.2.2), without start codes. */
export interface ParameterSets {
  readonly sps: readonly Buffer[]
  readonly pps: readonly Buffer[]
}

/** One encoded picture, as it left the camera. */
export interface AccessUnit {
  readonly codec: 'h264'
  /**
   * The NAL units, each after its length as 4 bytes big endian (ISO/IEC 14496-15, lengthSizeMinusOne 3): what FLV and
   * MP4 hold. Access unit delimiters are left out. Nobody modifies it after it was emitted.
   */
  readonly data: Buffer
  /** The camera's own RTP timestamp, 32 bit, 90 kHz. */
  readonly rtpTimestamp: number
  /** It holds an IDR slice: decoding can start here. */
  readonly isKey: boolean
  /** Packets of it, or right before it, are missing. */
  readonly isDamaged: boolean
  /** When its last byte was read from the socket. */
  readonly arrivedAtMs: number
  /** Those in force for this unit: from its own NAL units, from earlier ones, or from the SDP. */
  readonly parameterSets: ParameterSets
}

/** NAL unit types (H.264 table 7-1) that somebody here branches on. */
export const nalType = { slice: 1, idr: 5, sei: 6, sps: 7, pps: 8, aud: 9 } as const

export function nalTypeOf(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 0x1f
}

/** Views of the NAL units in `data`, in order; stops at a length that runs past the end. */
export function* nalUnitsOf(data: Buffer): Generator<Buffer> {
  let offset = 0
  while (offset + 4 <= data.length) {
    const length = data.readUInt32BE(offset)
    const start = offset + 4
    if (start + length > data.length) return
    yield data.subarray(start, start + length)
    offset = start + length
  }
}
