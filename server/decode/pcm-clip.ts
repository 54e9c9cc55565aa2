import type { AccessUnit, ParameterSets } from '../rtsp/access-unit.ts'

export interface PcmClip {
  /** Whole macroblocks: multiples of 16. */
  readonly width: number
  readonly height: number
  readonly count: number
  /** Every n-th picture is an IDR picture. */
  readonly keyEvery: number
  /** Brightness of the whole picture, 16..235, so that a decoded picture says which one it is. */
  readonly lumaOf: (index: number) => number
}

/**
 * Encodes a Baseline H.264 clip of single-coloured pictures as I_PCM macroblocks (H.264 section 7.3.5), which need
 * no prediction and no entropy coder: what the start-up probe decodes, without an encoder or a file at hand.
 */
export function encodePcmClip(clip: PcmClip): AccessUnit[] {
  const parameterSets = { sps: [spsOf(clip)], pps: [ppsOf()] }
  return Array.from({ length: clip.count }, (_, index) => encodeUnit(clip, index, parameterSets))
}

function encodeUnit(clip: PcmClip, index: number, parameterSets: ParameterSets): AccessUnit {
  const isKey = index % clip.keyEvery === 0
  const slice = encodeSlice(clip, index)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(slice.length)
  return {
    codec: 'h264',
    data: Buffer.concat([length, slice]),
    rtpTimestamp: (index * 3000) % 2 ** 32,
    isKey,
    isDamaged: false,
    arrivedAtMs: index,
    parameterSets,
  }
}

/** Section 7.3.2.1.1: Baseline, level 4, picture order = decoding order, one reference picture. */
function spsOf(clip: PcmClip): Buffer {
  const bits = new BitWriter()
  bits.fixed(66, 8).fixed(0xc0, 8).fixed(40, 8)
  bits.unsigned(0) // seq_parameter_set_id
  bits.unsigned(0).unsigned(2).unsigned(1).fixed(0, 1) // 4 bits of frame_num, order type 2, 1 reference, no gaps
  bits.unsigned(clip.width / 16 - 1).unsigned(clip.height / 16 - 1)
  bits.fixed(0b1100, 4) // frames only, direct_8x8_inference, no cropping, no VUI
  return nalOf(0x67, bits)
}

/** Section 7.3.2.2: CAVLC, deblocking can be switched off in the slice. */
function ppsOf(): Buffer {
  const bits = new BitWriter()
  bits.unsigned(0).unsigned(0).fixed(0, 2) // ids; CAVLC, no bottom field order
  bits.unsigned(0).unsigned(0).unsigned(0).fixed(0, 3) // one slice group, one reference, no weights
  bits.unsigned(0).unsigned(0).unsigned(0) // quantiser offsets
  return nalOf(0x68, bits.fixed(0b100, 3))
}

/** Sections 7.3.3 and 7.3.4. */
function encodeSlice(clip: PcmClip, index: number): Buffer {
  const sinceKey = index % clip.keyEvery
  const isKey = sinceKey === 0
  const bits = new BitWriter()
  bits
    .unsigned(0)
    .unsigned(isKey ? 7 : 5)
    .unsigned(0) // first macroblock, all slices I or P, pps id
  bits.fixed(sinceKey % 16, 4) // frame_num
  if (isKey)
    bits.unsigned((index / clip.keyEvery) % 2).fixed(0, 2) // idr_pic_id; dec_ref_pic_marking
  else bits.fixed(0, 3) // no override, no reordering, sliding window
  bits.unsigned(0).unsigned(1) // slice_qp_delta 0, no deblocking
  const luma = Buffer.alloc(256, clip.lumaOf(index))
  const chroma = Buffer.alloc(128, 128)
  for (let i = 0; i < (clip.width * clip.height) / 256; i++) {
    // mb_type I_PCM is 25, after the five P types in a P slice, where a run of skipped macroblocks (none) comes first.
    if (isKey) bits.unsigned(25)
    else bits.unsigned(0).unsigned(30)
    bits.align().bytes(luma).bytes(chroma)
  }
  return nalOf(isKey ? 0x65 : 0x61, bits)
}

/** Header, payload with trailing bits, and emulation prevention (section 7.4.1). */
function nalOf(header: number, bits: BitWriter): Buffer {
  const out = [header]
  let zeros = 0
  for (const byte of bits.fixed(1, 1).align().toBytes()) {
    if (zeros === 2 && byte <= 3) {
      out.push(3)
      zeros = 0
    }
    out.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Buffer.from(out)
}

class BitWriter {
  readonly #done: number[] = []
  #current = 0
  #count = 0

  fixed(value: number, width: number): this {
    for (let i = width - 1; i >= 0; i--) {
      this.#current = (this.#current << 1) | ((value >>> i) & 1)
      if (++this.#count === 8) {
        this.#done.push(this.#current)
        this.#current = 0
        this.#count = 0
      }
    }
    return this
  }

  /** ue(v), section 9.1; the signed 0 is coded alike. */
  unsigned(value: number): this {
    const width = 32 - Math.clz32(value + 1)
    return this.fixed(0, width - 1).fixed(value + 1, width)
  }

  align(): this {
    return this.#count === 0 ? this : this.fixed(0, 8 - this.#count)
  }

  /** Only where aligned. */
  bytes(values: Uint8Array): this {
    for (const value of values) this.#done.push(value)
    return this
  }

  toBytes(): readonly number[] {
    return this.#done
  }
}
