import type { StampedUnit } from '../source/stamped-unit.ts'

/** 10 s at 30 fps: cameras with longer GOPs exist, and pictures of them on demand do not. */
const unitsMax = 300

/** A GOP of 2 s has 2 MB at 8 Mbit/s. Held for every camera. */
const bytesMax = 8 * 1024 * 1024

/**
 * The access units since the last key frame, from which a picture in its native size can be decoded on demand. Where
 * they exceed the bounds all are let go, which is counted, and keeping starts again with the next key frame; after
 * damage or a cut it stops until then, and what came before stays.
 */
export class KeptGop {
  readonly #limits: { readonly unitsMax: number; readonly bytesMax: number }
  #units: StampedUnit[] = []
  #bytes = 0
  #isKeeping = false
  #letGo = 0

  constructor(limits = { unitsMax, bytesMax }) {
    this.#limits = limits
  }

  /** GOPs that were too large to keep. */
  get letGo(): number {
    return this.#letGo
  }

  get bytes(): number {
    return this.#bytes
  }

  add(stamped: StampedUnit): void {
    const { unit, epoch } = stamped
    if (unit.isKey && !unit.isDamaged) {
      this.clear()
      this.#isKeeping = true
    }
    const isContinuous = this.#units.length === 0 || this.#units[0]?.epoch === epoch
    if (unit.isDamaged || !isContinuous) this.#isKeeping = false
    if (!this.#isKeeping) return
    this.#units.push(stamped)
    this.#bytes += unit.data.length
    const { unitsMax: count, bytesMax: bytes } = this.#limits
    if (this.#units.length <= count && this.#bytes <= bytes) return
    this.clear()
    this.#letGo++
  }

  /** From the key frame to the unit with this outgoing timestamp; null when it is not among them. */
  unitsUpTo(rtpTimestamp: number): readonly StampedUnit[] | null {
    const last = this.#units.findIndex((stamped) => stamped.rtpTimestamp === rtpTimestamp)
    return last < 0 ? null : this.#units.slice(0, last + 1)
  }

  clear(): void {
    this.#units = []
    this.#bytes = 0
    this.#isKeeping = false
  }
}
