interface Value {
  readonly atMs: number
  readonly value: number
}

/** The values of the last `spanMs`, at most `countMax` of them: the oldest are let go first. */
export class RecentValues {
  readonly #spanMs: number
  readonly #countMax: number
  #values: Value[] = []

  constructor(limits: { readonly spanMs: number; readonly countMax: number }) {
    this.#spanMs = limits.spanMs
    this.#countMax = limits.countMax
  }

  add(atMs: number, value: number): void {
    this.#values.push({ atMs, value })
    // Cut by halves, not one by one: each value is moved once on average.
    if (this.#values.length > 2 * this.#countMax) this.#values = this.#values.slice(-this.#countMax)
  }

  /** The value below which share `q` (0..1) of those since `sinceMs` lies; null where there are none. */
  quantile(q: number, sinceMs: number): number | null {
    const sorted = this.#since(sinceMs).sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null
  }

  /** The newest value's instant minus `spanMs` is the earliest that is kept. */
  #since(sinceMs: number): number[] {
    const newestAtMs = this.#values.at(-1)?.atMs ?? 0
    const fromMs = Math.max(sinceMs, newestAtMs - this.#spanMs)
    return this.#values
      .slice(-this.#countMax)
      .filter(({ atMs }) => atMs >= fromMs)
      .map(({ value }) => value)
  }

  /** Events a second over the last `overMs` before `nowMs`, from the first to the last of them. */
  ratePerSecond(nowMs: number, overMs: number): number | null {
    const instants = this.#values.filter(({ atMs }) => atMs >= nowMs - overMs)
    const first = instants[0]
    const last = instants.at(-1)
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return null
    return ((instants.length - 1) / (last.atMs - first.atMs)) * 1_000
  }

  clear(): void {
    this.#values = []
  }
}
