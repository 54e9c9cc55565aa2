import type { AccessUnit } from './access-unit.ts'
import { ParameterSetStore } from './parameter-set-store.ts'
import type { RtpHeader } from './rtp-packet.ts'
import { UnitAssembly } from './unit-assembly.ts'

/** NAL unit types of RFC 6184 table 1 that only packets have. */
const stapA = 24
const fuA = 28
/** A sequence number so little behind the expected one is an old packet; more is a sender that jumped. */
const oldSequenceMax = 100

/**
 * RTP payloads -> access units (RFC 6184, packetization modes 0 and 1). A unit is emitted in the same call as its
 * marker bit, without waiting for the next one; without a marker, when the timestamp changes. Never throws: what
 * cannot be read makes the unit damaged.
 */
export class H264Depacketizer {
  readonly #onUnit: (unit: AccessUnit) => void
  readonly #parameterSets = new ParameterSetStore()
  readonly #assembly: UnitAssembly
  #timestamp = 0
  #expectedSequence = -1
  /**
   * Something is missing since the last unit that was emitted whole: nothing but an IDR can be whole. True at first:
   * who joins a stream in its middle lacks the references too.
   */
  #lossBefore = true
  /** The latest whole IDR brought its parameter sets along: one that comes without has lost them. */
  #keysCarrySets = false
  #packetsLost = 0

  /** `parameterSets`: NAL units from the SDP's sprop-parameter-sets. */
  constructor(options: {
    readonly onUnit: (unit: AccessUnit) => void
    readonly parameterSets: readonly Uint8Array[]
  }) {
    this.#onUnit = options.onUnit
    for (const nal of options.parameterSets) this.#parameterSets.add(nal)
    this.#assembly = new UnitAssembly((nal) => this.#parameterSets.add(nal))
  }

  /** By gaps in the sequence numbers, since the start. */
  get packetsLost(): number {
    return this.#packetsLost
  }

  push(buffer: Buffer, header: RtpHeader, arrivedAtMs: number): void {
    if (!this.#isInOrder(header.sequence)) return
    const assembly = this.#assembly
    if (header.timestamp !== this.#timestamp) this.#endPicture(arrivedAtMs)
    this.#timestamp = header.timestamp
    const { payloadStart, payloadEnd } = header
    const type = (buffer[payloadStart] ?? 0) & 0x1f
    if (type >= 1 && type <= 23) assembly.addWhole(buffer, payloadStart, payloadEnd)
    else if (type === stapA) this.#addStap(buffer, payloadStart + 1, payloadEnd)
    else if (type === fuA) this.#addFragment(buffer, payloadStart, payloadEnd)
    else assembly.markDamaged()
    // Some cameras set the marker on packets that hold parameter sets only: those belong to the picture that follows.
    if (header.marker && assembly.hasVcl) this.#emit(arrivedAtMs)
  }

  #isInOrder(sequence: number): boolean {
    if (this.#expectedSequence >= 0 && sequence !== this.#expectedSequence) {
      const ahead = (sequence - this.#expectedSequence) & 0xffff
      if (ahead > 0xffff - oldSequenceMax) return false
      this.#packetsLost += ahead
      this.#lossBefore = true
      if (!this.#assembly.isEmpty) this.#assembly.markDamaged()
    }
    this.#expectedSequence = (sequence + 1) & 0xffff
    return true
  }

  #addStap(buffer: Buffer, start: number, end: number): void {
    let offset = start
    while (offset + 2 < end) {
      const next = offset + 2 + buffer.readUInt16BE(offset)
      if (next > end) break
      this.#assembly.addWhole(buffer, offset + 2, next)
      offset = next
    }
    if (offset !== end) this.#assembly.markDamaged()
  }

  #addFragment(buffer: Buffer, start: number, end: number): void {
    const indicator = buffer[start] ?? 0
    const fuHeader = buffer[start + 1] ?? 0
    if (end - start < 3) return this.#assembly.markDamaged()
    if ((fuHeader & 0x80) !== 0)
      this.#assembly.beginFragmented((indicator & 0xe0) | (fuHeader & 0x1f))
    this.#assembly.addFragment(buffer, start + 2, end)
    if ((fuHeader & 0x40) !== 0) this.#assembly.endFragmented()
  }

  /** Another timestamp began: what is there without a slice belongs to the next picture, unless it is in pieces. */
  #endPicture(arrivedAtMs: number): void {
    if (this.#assembly.hasVcl) return this.#emit(arrivedAtMs)
    if (!this.#assembly.isDamaged) return
    this.#assembly.take()
    this.#lossBefore = true
  }

  #emit(arrivedAtMs: number): void {
    const unit = this.#assembly.take()
    // After a loss an IDR is whole if its first slice starts at the first macroblock; anything else lacks references.
    const startsAnew =
      unit.isKey && unit.startsAtFirstMb && (unit.hasParameterSets || !this.#keysCarrySets)
    const isWhole = !unit.isDamaged && (!this.#lossBefore || startsAnew)
    this.#lossBefore = !isWhole
    if (isWhole && unit.isKey) this.#keysCarrySets = unit.hasParameterSets
    this.#onUnit({
      codec: 'h264',
      data: unit.data,
      rtpTimestamp: this.#timestamp,
      isKey: unit.isKey,
      isDamaged: !isWhole,
      arrivedAtMs,
      parameterSets: this.#parameterSets.current,
    })
  }
}
