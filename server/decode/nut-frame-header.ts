import type { NutCursor } from './nut-cursor.ts'
import { NutError } from './nut-error.ts'
import { type FrameCode, nutFlag } from './nut-headers.ts'

export interface NutFrameHeader {
  readonly streamId: number
  /** As it stands there; null: the last one's plus the frame code's delta. */
  readonly codedPts: number | null
  readonly headerIndex: number
  /** Of what follows the header. */
  readonly size: number
}

/** The cursor stands behind the frame code; without meaning when it is short afterwards. */
export function parseFrameHeader(cursor: NutCursor, code: FrameCode): NutFrameHeader {
  const flags = (code.flags & nutFlag.coded) === 0 ? code.flags : code.flags ^ cursor.unsigned()
  if ((flags & (nutFlag.invalid | nutFlag.sideData)) !== 0)
    throw new NutError('nut_malformed', 'invalid NUT frame code')
  const field = <T>(flag: number, absent: T): number | T =>
    (flags & flag) === 0 ? absent : cursor.unsigned()
  const streamId = field(nutFlag.streamId, code.streamId)
  const codedPts = field(nutFlag.codedPts, null)
  const sizeMsb = field(nutFlag.sizeMsb, 0)
  field(nutFlag.matchTime, 0)
  const headerIndex = field(nutFlag.headerIndex, code.headerIndex)
  const reserved = field(nutFlag.reserved, code.reservedCount)
  for (let i = 0; i < reserved && !cursor.isShort; i++) cursor.unsigned()
  if ((flags & nutFlag.checksum) !== 0) cursor.skip(4)
  return { streamId, codedPts, headerIndex, size: code.sizeLsb + sizeMsb * code.sizeMultiplier }
}
