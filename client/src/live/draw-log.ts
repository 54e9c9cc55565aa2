/** What was put over which displayed frame, for tests and support. */
export interface DrawRecord {
  readonly frameRtpTimestamp: number | null
  readonly detectionsRtpTimestamp: number | null
  readonly match: 'exact' | 'held' | 'none'
  readonly boxes: number
  /** On the page's clock, the one of video frame callbacks. */
  readonly atMs: number
}

/** More than a minute of one camera at 30 fps; the oldest are let go. */
const recordsMax = 2_000

export class DrawLog {
  readonly #records: DrawRecord[] = []
  #written = 0

  add(record: DrawRecord): void {
    this.#records[this.#written % recordsMax] = record
    this.#written++
  }

  /** All ever written, kept or not. */
  get written(): number {
    return this.#written
  }

  get last(): DrawRecord | null {
    return this.#records[(this.#written - 1) % recordsMax] ?? null
  }

  /** Oldest first. */
  entries(): DrawRecord[] {
    const start = this.#written % recordsMax
    return this.#written <= recordsMax
      ? [...this.#records]
      : [...this.#records.slice(start), ...this.#records.slice(0, start)]
  }
}
