import { assert } from '#std/assert.ts'
import type { DecodeGeometry, DecodeLoss, Decoder, DecoderListener } from '../decode/decoder.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'

/** For tests: holds what it is given until told; closing gives up the rest, and takes until `gone`. */
export class RigDecoder implements Decoder {
  readonly memory = new SharedArrayBuffer(8)
  readonly pid = 4711
  readonly geometry: DecodeGeometry
  readonly listener: DecoderListener
  readonly held: StampedUnit[] = []
  resets = 0
  /** Frames given out and not given back. */
  leased = 0
  /** Its child takes its time to end. */
  lingers = false
  gone: () => void = () => {}
  readonly #journal: string[]

  constructor(geometry: DecodeGeometry, listener: DecoderListener, journal: string[]) {
    this.geometry = geometry
    this.listener = listener
    this.#journal = journal
  }

  push(stamped: StampedUnit): void {
    this.held.push(stamped)
  }

  /** The oldest becomes a frame, decoded 3.004 ms after it arrived. */
  emit(): void {
    const stamped = this.#oldest()
    this.leased++
    this.listener.onFrame({
      stamped,
      byteOffset: 0,
      width: this.geometry.width,
      height: this.geometry.height,
      decodedAtMs: stamped.unit.arrivedAtMs + 3.004,
      release: () => void this.leased--,
    })
  }

  lose(loss: DecodeLoss): void {
    this.listener.onLost(this.#oldest(), loss, 'told so')
  }

  reset(): void {
    this.resets++
    while (this.held.length > 0) this.lose('damaged')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.held.length > 0) this.lose('failed')
    if (this.lingers) await new Promise<void>((resolve) => (this.gone = resolve))
    this.#journal.push('decoder')
  }

  #oldest(): StampedUnit {
    const stamped = this.held.shift()
    assert(stamped !== undefined, 'the decoder holds a unit')
    return stamped
  }
}
