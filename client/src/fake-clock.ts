import type { Clock, Timer } from './clock.ts'

interface Pending {
  readonly callback: () => void
  readonly periodMs: number | null
  atMs: number
}

/** For tests: stands still until told; `advance` runs what falls due, in order of its instant. */
export class FakeClock implements Clock {
  #nowMs = 1_000
  readonly #pending = new Set<Pending>()

  nowMs(): number {
    return this.#nowMs
  }

  wallTimeMs(): number {
    return Date.UTC(2026, 0, 1) + this.#nowMs
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#add({ callback, periodMs: null, atMs: this.#nowMs + Math.max(0, delayMs) })
  }

  every(periodMs: number, callback: () => void): Timer {
    return this.#add({ callback, periodMs, atMs: this.#nowMs + periodMs })
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** In steps of 50 ms, letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs
    await settle()
    while (this.#nowMs < endMs) {
      this.#runUntil(Math.min(endMs, this.#nowMs + 50))
      await settle()
    }
  }

  #runUntil(untilMs: number): void {
    for (;;) {
      const due = [...this.#pending].filter((pending) => pending.atMs <= untilMs)
      const next = due.sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      if (next.periodMs === null) this.#pending.delete(next)
      else next.atMs += next.periodMs
      next.callback()
    }
    this.#nowMs = untilMs
  }

  #add(pending: Pending): Timer {
    this.#pending.add(pending)
    return { cancel: () => void this.#pending.delete(pending) }
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
