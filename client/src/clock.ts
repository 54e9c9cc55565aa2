/** A pending callback; cancelling twice is harmless. */
export interface Timer {
  cancel(): void
}

/**
 * Time as a parameter: the one place in the client that asks the browser for it. Instants (`AtMs`) are milliseconds of
 * `performance.now()`, the timeline of `requestVideoFrameCallback` too; wall time is for people only.
 */
export interface Clock {
  nowMs(): number
  wallTimeMs(): number
  /** Calls `callback` once, `delayMs` from now. */
  after(delayMs: number, callback: () => void): Timer
  /** Calls `callback` every `periodMs`, the first time one period from now. */
  every(periodMs: number, callback: () => void): Timer
}

export const browserClock: Clock = {
  nowMs: () => performance.now(),
  wallTimeMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.max(0, delayMs))
    return { cancel: () => clearTimeout(timer) }
  },
  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs)
    return { cancel: () => clearInterval(timer) }
  },
}
