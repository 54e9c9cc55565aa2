import type { DecodeChild, DecodeChildListener } from './decode-child.ts'

/** For tests: a child that does what the script says; the first pixel byte of a frame is its unit's identity. */
export class ScriptedChild implements DecodeChild {
  readonly pid: number
  readonly listener: DecodeChildListener
  queuedBytes = 0
  isClosed = false
  /** Identity by number, of the units that were written. */
  readonly written = new Map<number, number>()
  headers = 0
  #target: Uint8Array | null = null
  #decoding = -1

  constructor(pid: number, listener: DecodeChildListener) {
    this.pid = pid
    this.listener = listener
  }

  write(bytes: Buffer): 'taken' {
    const tagBytes = bytes.readUInt32BE(bytes.length - 4)
    const tag = bytes.subarray(bytes.length - 4 - tagBytes)
    const number = tag.readUIntBE(4, 3) + (tag[7] ?? 0) * 2 ** 24
    if (tag.length < bytes.length) this.headers++
    this.written.set(number, tag.readUInt8(tagBytes - 1))
    return 'taken'
  }

  close(): Promise<void> {
    this.isClosed = true
    return Promise.resolve()
  }

  begin(number: number): void {
    if (this.isClosed || this.#decoding >= 0) return
    this.#decoding = number
    this.#target = this.listener.onFrameStart(number)
    this.#target?.fill(0)
  }

  finish(): void {
    if (this.isClosed || this.#decoding < 0) return
    const number = this.#decoding
    this.#target?.fill(this.written.get(number) ?? 0)
    this.#decoding = -1
    this.listener.onFrameEnd(number)
  }

  emit(number: number): void {
    this.begin(number)
    this.finish()
  }

  die(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.listener.onExit('scripted death')
  }
}
