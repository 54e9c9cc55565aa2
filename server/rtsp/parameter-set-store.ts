import { nalType, nalTypeOf, type ParameterSets } from './access-unit.ts'
import { BitReader } from './bit-reader.ts'

/** Ids are at most 31 and 255 (H.264 7.4.2.1.1, 7.4.2.2); more different ones than this nobody uses at once. */
const keptPerKindMax = 32

/** Keeps the parameter sets in force by their id; `current` is one object until something in it changes. */
export class ParameterSetStore {
  readonly #sps = new Map<number, Buffer>()
  readonly #pps = new Map<number, Buffer>()
  #current: ParameterSets = { sps: [], pps: [] }

  get current(): ParameterSets {
    return this.#current
  }

  /** Takes a copy of `nal` when it is a parameter set that differs from the one in force. */
  add(nal: Uint8Array): void {
    const isSps = nalTypeOf(nal) === nalType.sps
    if (nal.length < 2 || (!isSps && nalTypeOf(nal) !== nalType.pps)) return
    const kept = isSps ? this.#sps : this.#pps
    const id = new BitReader(nal, isSps ? 4 : 1).unsigned()
    const known = kept.get(id)
    if (known !== undefined && known.equals(nal)) return
    if (known === undefined && kept.size >= keptPerKindMax) return
    // The newest stands last, also where it replaces one.
    kept.delete(id)
    kept.set(id, Buffer.from(nal))
    this.#current = { sps: [...this.#sps.values()], pps: [...this.#pps.values()] }
  }
}
