import type { RtpHeader } from './rtp-packet.ts'

/** An RTP payload and what of its header a depacketizer looks at. */
export interface TestPacket {
  readonly payload: Buffer
  readonly header: RtpHeader
}

/** For tests: an H.264 picture in any of the ways that RFC 6184 allows. */
export interface PicturePlan {
  readonly nals: readonly Buffer[]
  readonly timestamp: number
  /** Payload bytes at most; larger NAL units go as FU-A. */
  readonly payloadBytesMax: number
  /** Neighbours that fit go together as STAP-A. */
  readonly aggregates: boolean
}

export function packetsOf(plan: PicturePlan, firstSequence: number): TestPacket[] {
  const payloads = payloadsOf(plan)
  return payloads.map((payload, i) => ({
    payload,
    header: {
      payloadType: 96,
      marker: i === payloads.length - 1,
      sequence: (firstSequence + i) & 0xffff,
      timestamp: plan.timestamp >>> 0,
      ssrc: 1,
      payloadStart: 0,
      payloadEnd: payload.length,
    },
  }))
}

function payloadsOf({ nals, payloadBytesMax, aggregates }: PicturePlan): Buffer[] {
  const payloads: Buffer[] = []
  let group: Buffer[] = []
  const endGroup = (): void => {
    const [only] = group
    if (group.length === 1 && only !== undefined) payloads.push(only)
    else if (group.length > 1) payloads.push(stapOf(group))
    group = []
  }
  for (const nal of nals) {
    const bytes = group.reduce((sum, each) => sum + 2 + each.length, 1)
    if (!aggregates || bytes + 2 + nal.length > payloadBytesMax) endGroup()
    if (nal.length <= payloadBytesMax) group.push(nal)
    else payloads.push(...fragmentsOf(nal, payloadBytesMax))
  }
  endGroup()
  return payloads
}

/** RFC 6184 section 5.7.1. */
export function stapOf(nals: readonly Buffer[]): Buffer {
  const parts = nals.flatMap((nal) => [Buffer.from([nal.length >> 8, nal.length & 0xff]), nal])
  return Buffer.concat([Buffer.from([0x78]), ...parts])
}

/** RFC 6184 section 5.8. */
export function fragmentsOf(nal: Buffer, payloadBytesMax: number): Buffer[] {
  const first = nal[0] ?? 0
  const step = Math.max(1, payloadBytesMax - 2)
  const fragments: Buffer[] = []
  for (let from = 1; from < nal.length; from += step) {
    const isEnd = from + step >= nal.length
    const fuHeader = (from === 1 ? 0x80 : 0) | (isEnd ? 0x40 : 0) | (first & 0x1f)
    const head = Buffer.from([(first & 0xe0) | 28, fuHeader])
    fragments.push(Buffer.concat([head, nal.subarray(from, from + step)]))
  }
  return fragments
}
