import { nalType } from './access-unit.ts'

/** More than any camera sends as one picture; a stream without marker and timestamp change must not grow for ever. */
const unitBytesMax = 4 * 1024 * 1024
const filler = 12

export interface AssembledUnit {
  /** Length-prefixed NAL units; a copy of its own. */
  readonly data: Buffer
  readonly isKey: boolean
  readonly isDamaged: boolean
  /** The first slice has first_mb_in_slice 0. */
  readonly startsAtFirstMb: boolean
  /** It brought an SPS. */
  readonly hasParameterSets: boolean
}

/** Collects the NAL units of one picture in a scratch buffer that is reused; the copy in `take` is the only allocation. */
export class UnitAssembly {
  readonly #onParameterSet: (nal: Uint8Array) => void
  #scratch = Buffer.allocUnsafeSlow(64 * 1024)
  #length = 0
  /** Where the length of the NAL unit that arrives in fragments will be written; -1: none. */
  #fragmentedAt = -1
  #hasVcl = false
  #isKey = false
  #isDamaged = false
  #startsAtFirstMb = false
  #hasParameterSets = false

  constructor(onParameterSet: (nal: Uint8Array) => void) {
    this.#onParameterSet = onParameterSet
  }

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** Something of it is missing or unreadable; a NAL unit whose last fragment has not come counts. */
  get isDamaged(): boolean {
    return this.#isDamaged || this.#fragmentedAt >= 0
  }

  /** A slice is in: the picture can end. */
  get hasVcl(): boolean {
    return this.#hasVcl
  }

  markDamaged(): void {
    this.#isDamaged = true
    if (this.#fragmentedAt >= 0) {
      // The fragments so far are no NAL unit.
      this.#length = this.#fragmentedAt
      this.#fragmentedAt = -1
    }
  }

  /** One NAL unit; several where the camera put start codes between them. */
  addWhole(source: Buffer, start: number, end: number): void {
    if (this.#fragmentedAt >= 0) this.markDamaged()
    const type = (source[start] ?? 0) & 0x1f
    if (!mayHoldStartCodes(type)) return this.#addNal(source, start, end)
    for (let from = start; from < end;) {
      const at = source.subarray(0, end).indexOf(startCode, from)
      const until = at < 0 ? end : at
      this.#addNal(source, from, trimZeros(source, from, until))
      from = at < 0 ? end : at + startCode.length
    }
  }

  beginFragmented(nalHeader: number): void {
    if (this.#fragmentedAt >= 0) this.markDamaged()
    if (!this.#reserve(5)) return
    this.#fragmentedAt = this.#length
    this.#scratch[this.#length + 4] = nalHeader
    this.#length += 5
  }

  addFragment(source: Buffer, start: number, end: number): void {
    if (this.#fragmentedAt < 0 || !this.#reserve(end - start)) return this.markDamaged()
    source.copy(this.#scratch, this.#length, start, end)
    this.#length += end - start
  }

  endFragmented(): void {
    if (this.#fragmentedAt < 0) return
    const at = this.#fragmentedAt
    const end = this.#length
    this.#fragmentedAt = -1
    if (mayHoldStartCodes((this.#scratch[at + 4] ?? 0) & 0x1f)) {
      this.#length = at
      const nals = Buffer.from(this.#scratch.subarray(at + 4, end))
      return this.addWhole(nals, 0, nals.length)
    }
    this.#scratch.writeUInt32BE(end - at - 4, at)
    this.#noteNal(this.#scratch, at + 4, end)
  }

  take(): AssembledUnit {
    if (this.#fragmentedAt >= 0) this.markDamaged()
    const unit: AssembledUnit = {
      data: Buffer.from(this.#scratch.subarray(0, this.#length)),
      isKey: this.#isKey,
      isDamaged: this.#isDamaged,
      startsAtFirstMb: this.#startsAtFirstMb,
      hasParameterSets: this.#hasParameterSets,
    }
    this.#length = 0
    this.#hasVcl = false
    this.#isKey = false
    this.#isDamaged = false
    this.#startsAtFirstMb = false
    this.#hasParameterSets = false
    return unit
  }

  #addNal(source: Buffer, start: number, end: number): void {
    const type = (source[start] ?? 0) & 0x1f
    if (end <= start || type === nalType.aud || type === filler) return
    if (!this.#reserve(4 + end - start)) return this.markDamaged()
    this.#scratch.writeUInt32BE(end - start, this.#length)
    source.copy(this.#scratch, this.#length + 4, start, end)
    this.#length += 4 + end - start
    this.#noteNal(source, start, end)
  }

  #noteNal(source: Buffer, start: number, end: number): void {
    const type = (source[start] ?? 0) & 0x1f
    if (type === nalType.sps || type === nalType.pps)
      this.#onParameterSet(source.subarray(start, end))
    if (type === nalType.sps) this.#hasParameterSets = true
    if (type < nalType.slice || type > nalType.idr) return
    // first_mb_in_slice is ue(v): a leading 1 bit is 0 (H.264 7.3.3).
    if (!this.#hasVcl) this.#startsAtFirstMb = ((source[start + 1] ?? 0) & 0x80) !== 0
    this.#hasVcl = true
    if (type === nalType.idr) this.#isKey = true
  }

  #reserve(bytes: number): boolean {
    const needed = this.#length + bytes
    if (needed > unitBytesMax) return false
    if (needed > this.#scratch.length) {
      const larger = Buffer.allocUnsafeSlow(
        Math.min(unitBytesMax, Math.max(needed, 2 * this.#scratch.length)),
      )
      this.#scratch.copy(larger, 0, 0, this.#length)
      this.#scratch = larger
    }
    return true
  }
}

/** Emulation prevention keeps these bytes out of every NAL unit (H.264 7.4.1.1), so they can only separate two. */
const startCode = Buffer.from([0, 0, 1])

/** Types whose payload some cameras fill with several NAL units, separated by start codes. */
function mayHoldStartCodes(type: number): boolean {
  return (
    type === nalType.sps || type === nalType.pps || type === nalType.sei || type === nalType.aud
  )
}

/** The end of a NAL unit before a start code: trailing zero bytes belong to the code (H.264 B.1.1). */
function trimZeros(source: Buffer, start: number, end: number): number {
  let last = end
  while (last > start && source[last - 1] === 0) last--
  return last
}
