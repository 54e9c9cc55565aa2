import type { AccessUnit } from '../../rtsp/access-unit.ts'
import type { StampedUnit } from '../../source/stamped-unit.ts'

export const madeSps = Buffer.from([0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40])
export const madePps = Buffer.from([0x68, 0xce, 0x3c, 0x80])

/** A NAL unit of `bytes` bytes of that type and nal_ref_idc 3, its body counting up. */
export function madeNal(type: number, bytes: number): Buffer {
  const nal = Buffer.alloc(
    bytes,
    Uint8Array.from({ length: 251 }, (_, i) => i),
  )
  nal[0] = 0x60 | type
  return nal
}

export function lengthPrefixed(nals: readonly Buffer[]): Buffer {
  return Buffer.concat(
    nals.flatMap((nal) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(nal.length)
      return [length, nal]
    }),
  )
}

export function madeUnit(
  fields: Partial<AccessUnit> & { readonly nals?: readonly Buffer[] } = {},
): AccessUnit {
  const { nals, ...rest } = fields
  return {
    codec: 'h264',
    data: lengthPrefixed(nals ?? [madeNal(rest.isKey === true ? 5 : 1, 100)]),
    rtpTimestamp: 0,
    isKey: false,
    isDamaged: false,
    arrivedAtMs: 0,
    parameterSets: { sps: [madeSps], pps: [madePps] },
    ...rest,
  }
}

export function madeStamped(fields: Partial<StampedUnit> = {}): StampedUnit {
  return {
    unit: madeUnit(),
    epoch: 1,
    rtpTimestamp: 0,
    capturedAtMs: 0,
    capturedAtWallMs: 0,
    capturedBy: 'arrival',
    ...fields,
  }
}
