/** Enough for two seconds at 60 fps; a faster camera is measured over less. */
const kept = 128
const windowMs = 2000

/** Units a second, from their arrivals of the last two seconds; 0 when there were none. */
export class FrameRate {
  readonly #atMs = new Float64Array(kept)
  #count = 0

  add(arrivedAtMs: number): void {
    this.#atMs[this.#count % kept] = arrivedAtMs
    this.#count++
  }

  reset(): void {
    this.#count = 0
  }

  fps(nowMs: number): number {
    const known = Math.min(this.#count, kept)
    const newest = this.#at(0)
    let within = 0
    while (within < known && nowMs - this.#at(within) <= windowMs) within++
    if (within < 2) return 0
    const spanMs = newest - this.#at(within - 1)
    return spanMs > 0 ? Math.round(((within - 1) / spanMs) * 10_000) / 10 : 0
  }

  /** The arrival `back` units before the newest. */
  #at(back: number): number {
    return this.#atMs[(this.#count - 1 - back + kept) % kept] ?? 0
  }
}
