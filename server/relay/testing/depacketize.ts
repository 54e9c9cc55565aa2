import assert from 'node:assert/strict'

/** The fields of RFC 3550 section 5.1 that tests look at. */
export function rtpFieldsOf(packet: Buffer): {
  readonly hasMarker: boolean
  readonly payloadType: number
  readonly sequenceNumber: number
  readonly rtpTimestamp: number
  readonly ssrc: number
  readonly payload: Buffer
} {
  assert.equal(packet[0], 0x80, 'version 2, no padding, extension or CSRC')
  const second = packet.readUInt8(1)
  return {
    hasMarker: second >= 0x80,
    payloadType: second & 0x7f,
    sequenceNumber: packet.readUInt16BE(2),
    rtpTimestamp: packet.readUInt32BE(4),
    ssrc: packet.readUInt32BE(8),
    payload: packet.subarray(12),
  }
}

/** The NAL units of one access unit's payloads (RFC 6184 section 5), strict: throws on anything a receiver may refuse. */
export function depacketize(payloads: readonly Buffer[]): Buffer[] {
  const nals: Buffer[] = []
  let fragments: Buffer[] | null = null
  for (const payload of payloads) {
    const type = payload.readUInt8(0) & 0x1f
    assert.ok(fragments === null || type === 28, 'nothing between the fragments of a NAL unit')
    if (type === 24) nals.push(...partsOf(payload))
    else if (type !== 28) nals.push(payload)
    else {
      const header = payload.readUInt8(1)
      const isStart = (header & 0x80) !== 0
      const isEnd = (header & 0x40) !== 0
      assert.ok(!(isStart && isEnd), 'a fragment is not first and last (section 5.8)')
      assert.equal(isStart, fragments === null, 'one start a NAL unit')
      fragments ??= [Buffer.from([(payload.readUInt8(0) & 0xe0) | (header & 0x1f)])]
      fragments.push(payload.subarray(2))
      if (isEnd) {
        nals.push(Buffer.concat(fragments))
        fragments = null
      }
    }
  }
  assert.equal(fragments, null, 'the last fragment came')
  return nals
}

function partsOf(aggregate: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let offset = 1; offset < aggregate.length;) {
    const length = aggregate.readUInt16BE(offset)
    assert.ok(offset + 2 + length <= aggregate.length, 'a part lies inside its aggregate')
    parts.push(aggregate.subarray(offset + 2, offset + 2 + length))
    offset += 2 + length
  }
  return parts
}
