import type { ParameterSets } from '../rtsp/access-unit.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'

/** 10 s at 30 fps: cameras with longer GOPs exist, and pictures of them on demand do not. */
const unitsMax = 300

/** A GOP of 2 s has 2 MB at 8 Mbit/s. Held for every camera. */
const bytesMax = 8 * 1024 * 1024

/** What the memory of a camera starts with: a GOP of 2 s at 1 Mbit/s. It doubles, and stays. */
const firstBytes = 256 * 1024

/** An access unit out of the kept GOP, in memory of its own. */
export interface KeptUnit {
  /** As `AccessUnit.data`. */
  readonly data: Buffer
  readonly rtpTimestamp: number
  readonly isKey: boolean
  readonly parameterSets: ParameterSets
}

/**
 * The access units since the last key frame, from which a picture in its native size can be decoded on demand. Where
 * they exceed the bounds all are let go, which is counted, and keeping starts again with the next key frame; after
 * damage or a cut it stops until then, and what came before stays.
 *
 * Bytes are copied into one memory a camera: held as they came, every unit would outlive the young generation, and
 * 16 cameras at 30 fps made the whole heap be marked every 1.3 s.
 */
export class KeptGop {
  readonly #limits: { readonly unitsMax: number; readonly bytesMax: number }
  #memory = Buffer.alloc(0)
  #bytes = 0
  /** Unit by unit. */
  readonly #ends: number[] = []
  readonly #timestamps: number[] = []
  readonly #sets: ParameterSets[] = []
  #epoch = 0
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

  add({ unit, epoch, rtpTimestamp }: StampedUnit): void {
    if (unit.isKey && !unit.isDamaged) {
      this.clear()
      this.#isKeeping = true
      this.#epoch = epoch
    }
    if (unit.isDamaged || epoch !== this.#epoch) this.#isKeeping = false
    if (!this.#isKeeping) return
    const end = this.#bytes + unit.data.length
    if (this.#ends.length === this.#limits.unitsMax || end > this.#limits.bytesMax) {
      this.clear()
      this.#letGo++
      return
    }
    this.#reserve(end)
    unit.data.copy(this.#memory, this.#bytes)
    this.#bytes = end
    this.#ends.push(end)
    this.#timestamps.push(rtpTimestamp)
    this.#sets.push(unit.parameterSets)
  }

  /** From the key frame to the unit with this outgoing timestamp; null when it is not among them. */
  unitsUpTo(rtpTimestamp: number): readonly KeptUnit[] | null {
    const last = this.#timestamps.indexOf(rtpTimestamp)
    if (last < 0) return null
    return this.#sets.slice(0, last + 1).map((parameterSets, index) => ({
      data: Buffer.from(this.#memory.subarray(this.#ends[index - 1] ?? 0, this.#ends[index])),
      rtpTimestamp: this.#timestamps[index] ?? 0,
      isKey: index === 0,
      parameterSets,
    }))
  }

  clear(): void {
    this.#bytes = 0
    this.#ends.length = 0
    this.#timestamps.length = 0
    this.#sets.length = 0
    this.#isKeeping = false
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#memory.length) return
    const doubled = Math.max(firstBytes, 2 * this.#memory.length, bytes)
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#limits.bytesMax, doubled))
    this.#memory.copy(larger, 0, 0, this.#bytes)
    this.#memory = larger
  }
}
