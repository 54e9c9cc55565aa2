import type { Clock, Timer } from './clock.ts'

interface Pending {
  readonly callback: () => void
  readonly periodMs: number | null
  atMs: number
}

/** A clock that stands still until told: `advance` runs what falls due, in order of its instant. */
export class FakeClock implements Clock {
  #nowMs: number
  readonly #wallOffsetMs: number
  readonly #pending = new Set<Pending>()

  constructor(startAtMs = 1_000, wallTimeMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startAtMs
    this.#wallOffsetMs = wallTimeMs - startAtMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  wallTimeMs(): number {
    return this.#nowMs + this.#wallOffsetMs
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#add({ callback, periodMs: null, atMs: this.#nowMs + Math.max(0, delayMs) })
  }

  every(periodMs: number, callback: () => void): Timer {
    return this.#add({ callback, periodMs, atMs: this.#nowMs + periodMs })
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs
    for (;;) {
      let next: Pending | null = null
      for (const pending of this.#pending)
        if (pending.atMs <= untilMs && (next === null || pending.atMs < next.atMs)) next = pending
      if (next === null) break
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      if (next.periodMs === null) this.#pending.delete(next)
      else next.atMs += next.periodMs
      next.callback()
    }
    this.#nowMs = untilMs
  }

  /** Advances in `stepMs` steps and lets promises settle between them. */
  async advanceAsync(byMs: number, stepMs = byMs): Promise<void> {
    for (let done = 0; done < byMs; done += stepMs) {
      this.advance(Math.min(stepMs, byMs - done))
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  #add(pending: Pending): Timer {
    this.#pending.add(pending)
    return { [Symbol.dispose]: () => void this.#pending.delete(pending) }
  }
}
