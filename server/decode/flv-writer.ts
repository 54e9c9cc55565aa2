import { assert } from '#std/assert.ts'
import type { AccessUnit, ParameterSets } from '../rtsp/access-unit.ts'

/** A tag's body length has 24 bits (FLV 10.1, annex E.4.1), of which 5 bytes are the AVC packet's header. */
export const flvUnitBytesMax = 2 ** 24 - 1 - 5

/** Tag times are 32 bits of milliseconds, of which readers treat the upper half as wrapped. */
export const flvTimeMax = 2 ** 31 - 1

const tagHeaderBytes = 11
const avcHeaderBytes = 5
const tagSizeBytes = 4

/** Most units of a camera fit; a larger one makes it grow, once. */
const scratchBytesMin = 64 * 1024

/**
 * Access units as an FLV stream: the unit's number as the tag's time, and a sequence header wherever the parameter
 * sets differ from the ones before. One copy into memory that is used again, and one write a unit.
 */
export class FlvWriter {
  #parameterSets: ParameterSets | null = null
  #scratch: Buffer = Buffer.alloc(0)

  /**
   * The bytes of one unit, valid until the next call unless `giveAway` comes before. Numbers rise and stay below
   * `flvTimeMax`; the unit is at most `flvUnitBytesMax` long.
   */
  write(unit: AccessUnit, number: number): Buffer {
    assert(number <= flvTimeMax && unit.data.length <= flvUnitBytesMax, 'FLV limits')
    const prologue = this.#prologue(unit.parameterSets, number)
    const bodyBytes = avcHeaderBytes + unit.data.length
    const out = this.#room(prologue.length + tagHeaderBytes + bodyBytes + tagSizeBytes)
    out.set(prologue, 0)
    const at = writeTagHeader(out, prologue.length, { bodyBytes, number })
    out[at] = unit.isKey ? keyFrameAvc : interFrameAvc
    out.writeUInt32BE(naluPacket, at + 1)
    out.set(unit.data, at + avcHeaderBytes)
    out.writeUInt32BE(tagHeaderBytes + bodyBytes, at + bodyBytes)
    return out
  }

  /** Who was given the last bytes has not done with them: they are his. */
  giveAway(): void {
    this.#scratch = Buffer.alloc(0)
  }

  #room(bytes: number): Buffer {
    if (bytes > this.#scratch.length)
      this.#scratch = Buffer.allocUnsafeSlow(Math.max(bytes, scratchBytesMin))
    return this.#scratch.subarray(0, bytes)
  }

  /** File header and sequence header, as far as they are due. */
  #prologue(sets: ParameterSets, number: number): Uint8Array {
    const previous = this.#parameterSets
    if (previous !== null && areEqual(previous, sets)) return nothing
    this.#parameterSets = sets
    const header = sequenceHeaderTag(sets, number)
    return previous === null ? Buffer.concat([fileHeader, header]) : header
  }
}

/** Whether a decoder can be configured with them at all. */
export function areUsable(sets: ParameterSets): boolean {
  return (sets.sps[0]?.length ?? 0) >= 4 && sets.pps.length > 0
}

/** AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1.2), without the optional end that nobody reads. */
export function avcConfiguration(sets: ParameterSets): Buffer {
  assert(areUsable(sets), 'parameter sets present')
  // The record counts SPS with 5 bits and PPS with 8.
  const sps = sets.sps.slice(0, 31)
  const pps = sets.pps.slice(0, 255)
  const [profile = 0, compatibility = 0, level = 0] = sps[0]?.subarray(1) ?? []
  return Buffer.concat([
    Buffer.from([1, profile, compatibility, level, 0xff, 0xe0 | sps.length]),
    ...sps.flatMap((nal) => [length16(nal), nal]),
    Buffer.from([pps.length]),
    ...pps.flatMap((nal) => [length16(nal), nal]),
  ])
}

// VIDEODATA (FLV 10.1, annex E.4.3.1): frame type in the upper four bits, codec 7 (AVC) in the lower.
const keyFrameAvc = 0x17
const interFrameAvc = 0x27
// AVCPacketType in the first byte, composition time 0 in the other three.
const naluPacket = 0x01_00_00_00

/** Version 1, video only, 9 bytes long, then the size of the tag before the first: 0. */
const fileHeader = Buffer.from([0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0])
const nothing = new Uint8Array(0)

function sequenceHeaderTag(sets: ParameterSets, number: number): Buffer {
  const record = avcConfiguration(sets)
  const bodyBytes = avcHeaderBytes + record.length
  const out = Buffer.alloc(tagHeaderBytes + bodyBytes + tagSizeBytes)
  const at = writeTagHeader(out, 0, { bodyBytes, number })
  out[at] = keyFrameAvc
  out.set(record, at + avcHeaderBytes)
  out.writeUInt32BE(tagHeaderBytes + bodyBytes, at + bodyBytes)
  return out
}

function writeTagHeader(
  out: Buffer,
  at: number,
  tag: { readonly bodyBytes: number; readonly number: number },
): number {
  out[at] = 9 // a video tag
  out.writeUIntBE(tag.bodyBytes, at + 1, 3)
  // The low 24 bits first, then the high 8; stream id 0.
  out.writeUIntBE(tag.number & 0xffffff, at + 4, 3)
  out[at + 7] = tag.number >>> 24
  out.writeUIntBE(0, at + 8, 3)
  return at + tagHeaderBytes
}

function areEqual(a: ParameterSets, b: ParameterSets): boolean {
  return a === b || (sameNals(a.sps, b.sps) && sameNals(a.pps, b.pps))
}

function sameNals(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((nal, i) => b[i]?.equals(nal) ?? false)
}

function length16(nal: Buffer): Buffer {
  return Buffer.from([nal.length >> 8, nal.length & 0xff])
}
