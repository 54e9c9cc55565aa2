/** Reads an RBSP bit by bit, stepping over emulation prevention bytes (H.264 7.3.1); past the end it reads zeros. */
export class BitReader {
  readonly #bytes: Uint8Array
  #byte: number
  #bit = 0
  #zeros = 0

  constructor(bytes: Uint8Array, startByte: number) {
    this.#bytes = bytes
    this.#byte = startByte
  }

  /** False once more bits were read than there are. */
  get isWithin(): boolean {
    return this.#byte < this.#bytes.length || (this.#byte === this.#bytes.length && this.#bit === 0)
  }

  bit(): number {
    const value = ((this.#bytes[this.#byte] ?? 0) >> (7 - this.#bit)) & 1
    if (++this.#bit === 8) this.#nextByte()
    return value
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.bit()
    return value
  }

  /** ue(v), H.264 9.1. More than 32 leading zeros is no value that any syntax element has: 2 ** 32 then. */
  unsigned(): number {
    let zeros = 0
    while (this.bit() === 0) if (++zeros > 32) return 2 ** 32
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** se(v), H.264 9.1.1. */
  signed(): number {
    const value = this.unsigned()
    return value % 2 === 1 ? (value + 1) / 2 : -value / 2
  }

  #nextByte(): void {
    this.#bit = 0
    this.#zeros = this.#bytes[this.#byte] === 0 ? this.#zeros + 1 : 0
    this.#byte++
    if (this.#zeros === 2 && this.#bytes[this.#byte] === 3) {
      this.#byte++
      this.#zeros = 0
    }
  }
}
