import { NutError } from './nut-error.ts'

/**
 * Reads NUT's basic types out of bytes that may end too early: `isShort` is then true and everything read since is
 * without meaning. Numbers are limited to what a double holds exactly.
 */
export class NutCursor {
  readonly bytes: Uint8Array
  offset: number
  isShort = false

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.offset = offset
  }

  byte(): number {
    const value = this.bytes[this.offset]
    if (value === undefined) {
      this.isShort = true
      return 0
    }
    this.offset++
    return value
  }

  /** 4 bytes, big endian. */
  word(): number {
    return this.byte() * 2 ** 24 + ((this.byte() << 16) | (this.byte() << 8) | this.byte())
  }

  /** `v`: 7 bits a byte, most significant first; all bytes but the last have the top bit set. */
  unsigned(): number {
    let value = 0
    for (;;) {
      const byte = this.byte()
      value = value * 128 + (byte & 0x7f)
      if (value > Number.MAX_SAFE_INTEGER)
        throw new NutError('nut_malformed', 'NUT number beyond 53 bits')
      if ((byte & 0x80) === 0) return value
    }
  }

  /** `s`: 0, 1, -1, 2, -2, ... as 0, 1, 2, 3, 4. */
  signed(): number {
    const value = this.unsigned() + 1
    return value % 2 === 0 ? value / 2 : -(value - 1) / 2
  }

  skip(count: number): void {
    if (this.offset + count > this.bytes.length) this.isShort = true
    else this.offset += count
  }
}
