import { NutCursor } from './nut-cursor.ts'
import { NutError } from './nut-error.ts'

/** Flags of a frame (NUT specification, "frame_flags"). */
export const nutFlag = {
  codedPts: 8,
  streamId: 16,
  sizeMsb: 32,
  checksum: 64,
  reserved: 128,
  sideData: 256,
  headerIndex: 1024,
  matchTime: 2048,
  coded: 4096,
  invalid: 8192,
} as const

/** What a frame that starts with a given byte looks like before its own fields. */
export interface FrameCode {
  readonly flags: number
  readonly ptsDelta: number
  readonly streamId: number
  readonly sizeMultiplier: number
  readonly sizeLsb: number
  readonly reservedCount: number
  readonly headerIndex: number
}

export interface NutMainHeader {
  /** Exactly 256, one for each first byte. */
  readonly frameCodes: readonly FrameCode[]
  readonly timeBases: readonly TimeBase[]
}

/** Seconds a tick, as a fraction. */
interface TimeBase {
  readonly numerator: number
  readonly denominator: number
}

export interface NutStreamHeader {
  readonly timeBase: TimeBase
  /** Times are coded with this many low bits where that is enough. */
  readonly ptsBits: number
  readonly width: number
  readonly height: number
}

/** The byte that starts packets with a start code and therefore never a frame. */
export const nutStartByte = 0x4e

/** `bytes`: the packet after its header. FFmpeg writes one video stream, so larger tables are refused. */
export function parseMainHeader(bytes: Uint8Array): NutMainHeader {
  const cursor = new NutCursor(bytes)
  const version = cursor.unsigned()
  if (version > 3) cursor.unsigned()
  const streamCount = cursor.unsigned()
  cursor.unsigned() // max_distance
  const timeBaseCount = cursor.unsigned()
  if (streamCount !== 1 || timeBaseCount > 16)
    throw new NutError('nut_unexpected', `NUT with ${streamCount} streams`)
  const timeBases: TimeBase[] = []
  for (let i = 0; i < timeBaseCount; i++)
    timeBases.push({ numerator: cursor.unsigned(), denominator: cursor.unsigned() })
  const frameCodes = parseFrameCodes(cursor)
  checkComplete(cursor)
  return { frameCodes, timeBases }
}

/** The table is run-length coded: each entry states what changed and for how many codes it holds. */
function parseFrameCodes(cursor: NutCursor): FrameCode[] {
  const codes: FrameCode[] = []
  let last = { ptsDelta: 0, sizeMultiplier: 1, streamId: 0, headerIndex: 0 }
  while (codes.length < 256) {
    const flags = cursor.unsigned()
    const fields = parseEntryFields(cursor)
    last = {
      ptsDelta: fields[0] ?? last.ptsDelta,
      sizeMultiplier: fields[1] ?? last.sizeMultiplier,
      streamId: fields[2] ?? last.streamId,
      headerIndex: fields[7] ?? last.headerIndex,
    }
    const sizeLsb = fields[3] ?? 0
    const count = fields[5] ?? last.sizeMultiplier - sizeLsb
    if (count <= 0 || codes.length + count > 256)
      throw new NutError('nut_malformed', 'NUT frame table does not add up')
    pushRun(codes, count, { ...last, flags, sizeLsb, reservedCount: fields[4] ?? 0 })
  }
  return codes
}

function pushRun(codes: FrameCode[], count: number, first: FrameCode): void {
  for (let i = 0; i < count; i++) {
    // The start byte is no frame code and takes no place in the run.
    if (codes.length === nutStartByte) codes.push({ ...first, flags: nutFlag.invalid })
    codes.push({ ...first, sizeLsb: first.sizeLsb + i })
  }
}

/** pts delta (signed), size multiplier, stream, size, reserved count, count, match time delta (signed), header index. */
function parseEntryFields(cursor: NutCursor): number[] {
  const count = cursor.unsigned()
  const fields: number[] = []
  // Fields of later versions are passed over.
  for (let i = 0; i < count && !cursor.isShort; i++) {
    const value = i === 0 || i === 6 ? cursor.signed() : cursor.unsigned()
    if (i < 8) fields.push(value)
  }
  checkComplete(cursor)
  return fields
}

/** `bytes`: the packet after its header. Throws unless it is the raw video that was asked for. */
export function parseStreamHeader(bytes: Uint8Array, main: NutMainHeader): NutStreamHeader {
  const cursor = new NutCursor(bytes)
  const streamId = cursor.unsigned()
  const streamClass = cursor.unsigned()
  cursor.skip(cursor.unsigned()) // fourcc
  const timeBase = main.timeBases[cursor.unsigned()]
  const ptsBits = cursor.unsigned()
  cursor.unsigned() // max_pts_distance
  cursor.unsigned() // decode_delay
  cursor.unsigned() // stream_flags
  cursor.skip(cursor.unsigned()) // codec_specific_data
  const width = cursor.unsigned()
  const height = cursor.unsigned()
  checkComplete(cursor)
  if (streamId !== 0 || streamClass !== 0 || timeBase === undefined)
    throw new NutError('nut_unexpected', 'NUT stream is not one video')
  if (ptsBits > 32 || timeBase.numerator < 1 || timeBase.denominator < 1)
    throw new NutError('nut_malformed', 'NUT stream without usable times')
  return { timeBase, ptsBits, width, height }
}

function checkComplete(cursor: NutCursor): void {
  if (cursor.isShort) throw new NutError('nut_malformed', 'NUT header ends early')
}
