import type { EncodedResult } from './filter-group.ts'

/** What `resume` can replay of one camera. */
const ringMs = 10_000
/** 10 s at 30 fps; a faster camera keeps less time. About 3 kB each. */
const ringMax = 300

export interface RingEntry {
  readonly atMs: number
  readonly result: EncodedResult
}

/** The newest results of one camera; the oldest go by age or by count. */
export class ResultRing {
  #entries: RingEntry[] = []

  push(result: EncodedResult, nowMs: number): void {
    this.#entries.push({ atMs: nowMs, result })
    if (this.#entries.length > ringMax) this.#entries.shift()
    while ((this.#entries[0]?.atMs ?? nowMs) < nowMs - ringMs) this.#entries.shift()
  }

  /** Those after `seq` that are not too old, in order. */
  after(seq: number, nowMs: number): readonly RingEntry[] {
    return this.#entries.filter(
      ({ atMs, result }) => result.message.seq > seq && atMs >= nowMs - ringMs,
    )
  }
}
