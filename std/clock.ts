/** A pending callback; disposing it cancels it. Disposing twice is harmless. */
export type Timer = Disposable

/**
 * Time as a parameter. Instants (`AtMs`) are milliseconds of the machine's monotonic clock and compare across
 * threads and processes of one machine; wall time is for people only.
 */
export interface Clock {
  nowMs(): number
  wallTimeMs(): number
  /** Calls `callback` once, `delayMs` from now. */
  after(delayMs: number, callback: () => void): Timer
  /** Calls `callback` every `periodMs`, the first time one period from now. */
  every(periodMs: number, callback: () => void): Timer
}

/** Node takes longer ones for 1 ms: a timer that was meant for next month would fire a thousand times a second. */
const delayMsMax = 2 ** 31 - 1

/** CLOCK_MONOTONIC, not `performance.now()`: that one starts at zero in each worker thread. */
export const systemClock: Clock = {
  nowMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallTimeMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMsMax, Math.max(0, delayMs)))
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
  every(periodMs, callback) {
    const timer = setInterval(callback, Math.min(delayMsMax, periodMs))
    return { [Symbol.dispose]: () => clearInterval(timer) }
  },
}

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const timer = clock.after(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
    function done(): void {
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** Settles like `work`, or with `onTimeout()` when that takes longer than `limitMs`. */
export function withTimeout<T>(
  clock: Clock,
  work: Promise<T>,
  limitMs: number,
  onTimeout: () => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => {
      try {
        resolve(onTimeout())
      } catch (error) {
        reject(error)
      }
    })
    work.then(resolve, reject).finally(() => timer[Symbol.dispose]())
  })
}
