import { nalType, nalTypeOf } from './access-unit.ts'
import { BitReader } from './bit-reader.ts'

/** What a sequence parameter set says of the pictures that follow it (H.264 7.3.2.1.1 and annex E). */
export interface Sps {
  readonly id: number
  readonly profile: string
  /** Pixels, after cropping. */
  readonly width: number
  readonly height: number
  /** Frames that may wait to be reordered: 0 = no B-frames; null = it does not say. */
  readonly reorderFrames: number | null
}

/** Profiles whose SPS carries chroma format and scaling lists (7.3.2.1.1). */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])
/** The largest picture that is taken for real: 16384 pixels on a side. */
const sideMax = 16_384

/** Null when it is not a whole, plausible SPS. */
export function parseSps(nal: Uint8Array): Sps | null {
  if (nal.length < 4 || nalTypeOf(nal) !== nalType.sps) return null
  const profileIdc = nal[1] ?? 0
  const reader = new BitReader(nal, 4)
  const id = reader.unsigned()
  const chroma = highProfiles.has(profileIdc) ? readChroma(reader) : { format: 1, separate: 0 }
  reader.unsigned() // log2_max_frame_num_minus4
  const pocType = readPictureOrder(reader)
  reader.unsigned() // max_num_ref_frames
  reader.bit() // gaps_in_frame_num_value_allowed_flag
  const { width, height } = readSize(reader, chroma)
  if (!reader.isWithin || id > 31 || !arePlausible(width, height)) return null
  const told = reader.bit() === 1 ? readReorderFrames(reader) : null
  // With pic_order_cnt_type 2 output order is decoding order (8.2.1.3); Baseline has no B slices (A.2.1).
  const reorderFrames = pocType === 2 || profileIdc === 66 ? 0 : told
  return { id, profile: profileName(profileIdc, nal[2] ?? 0), width, height, reorderFrames }
}

function arePlausible(...sides: readonly number[]): boolean {
  return sides.every((side) => side > 0 && side <= sideMax)
}

interface Chroma {
  readonly format: number
  readonly separate: number
}

function readSize(reader: BitReader, chroma: Chroma): { width: number; height: number } {
  const widthMbs = reader.unsigned() + 1
  const heightMaps = reader.unsigned() + 1
  const frameMbsOnly = reader.bit()
  if (frameMbsOnly === 0) reader.bit()
  reader.bit() // direct_8x8_inference_flag
  const crop = readCrop(reader, chroma, frameMbsOnly)
  return {
    width: widthMbs * 16 - crop.x,
    height: heightMaps * 16 * (2 - frameMbsOnly) - crop.y,
  }
}

function readChroma(reader: BitReader): Chroma {
  const format = reader.unsigned()
  const separate = format === 3 ? reader.bit() : 0
  reader.unsigned() // bit_depth_luma_minus8
  reader.unsigned() // bit_depth_chroma_minus8
  reader.bit() // qpprime_y_zero_transform_bypass_flag
  if (reader.bit() === 1)
    for (let i = 0; i < (format === 3 ? 12 : 8); i++)
      if (reader.bit() === 1) skipScalingList(reader, i < 6 ? 16 : 64)
  return { format, separate }
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8
  let next = 8
  for (let i = 0; i < size && reader.isWithin; i++) {
    if (next !== 0) next = (last + reader.signed() + 256) % 256
    if (next !== 0) last = next
  }
}

function readPictureOrder(reader: BitReader): number {
  const type = reader.unsigned()
  if (type === 0) reader.unsigned()
  if (type !== 1) return type
  reader.bit()
  reader.signed()
  reader.signed()
  const cycle = reader.unsigned()
  for (let i = 0; i < cycle && i < 256 && reader.isWithin; i++) reader.signed()
  return type
}

function readCrop(
  reader: BitReader,
  chroma: Chroma,
  frameMbsOnly: number,
): { x: number; y: number } {
  if (reader.bit() === 0) return { x: 0, y: 0 }
  const [left, right, top, bottom] = [
    reader.unsigned(),
    reader.unsigned(),
    reader.unsigned(),
    reader.unsigned(),
  ]
  // Crop units (7-19 to 7-22): chroma samples horizontally, and vertically per field.
  const format = chroma.separate === 1 ? 0 : chroma.format
  const unitX = format === 1 || format === 2 ? 2 : 1
  const unitY = (format === 1 ? 2 : 1) * (2 - frameMbsOnly)
  return { x: (left + right) * unitX, y: (top + bottom) * unitY }
}

/** vui_parameters() up to bitstream_restriction (E.1.1). */
function readReorderFrames(reader: BitReader): number | null {
  skipVideoSignal(reader)
  const nal = reader.bit()
  if (nal === 1) skipHrd(reader)
  const vcl = reader.bit()
  if (vcl === 1) skipHrd(reader)
  if (nal === 1 || vcl === 1) reader.bit() // low_delay_hrd_flag
  reader.bit() // pic_struct_present_flag
  if (reader.bit() === 0) return null
  reader.bit() // motion_vectors_over_pic_boundaries_flag
  for (let i = 0; i < 4; i++) reader.unsigned()
  const reorder = reader.unsigned()
  return reader.isWithin && reorder <= 16 ? reorder : null
}

/** From aspect_ratio_info_present_flag to the timing information (E.1.1). */
function skipVideoSignal(reader: BitReader): void {
  if (reader.bit() === 1 && reader.bits(8) === 255) reader.bits(32) // aspect ratio
  if (reader.bit() === 1) reader.bit() // overscan
  if (reader.bit() === 1) {
    reader.bits(4) // video format, full range
    if (reader.bit() === 1) reader.bits(24)
  }
  if (reader.bit() === 1) {
    reader.unsigned() // chroma location
    reader.unsigned()
  }
  if (reader.bit() === 1) reader.bits(65) // timing
}

function skipHrd(reader: BitReader): void {
  const count = reader.unsigned() + 1
  reader.bits(8)
  for (let i = 0; i < count && i < 32; i++) {
    reader.unsigned()
    reader.unsigned()
    reader.bit()
  }
  reader.bits(20)
}

/** Names of table A-1 and section A.2; `constraints` is the byte after profile_idc. */
function profileName(profileIdc: number, constraints: number): string {
  if (profileIdc === 66) return (constraints & 0x40) !== 0 ? 'Constrained Baseline' : 'Baseline'
  const names: Readonly<Record<number, string>> = {
    77: 'Main',
    88: 'Extended',
    100: 'High',
    110: 'High 10',
    122: 'High 4:2:2',
    244: 'High 4:4:4 Predictive',
  }
  return names[profileIdc] ?? `profile_idc ${profileIdc}`
}
