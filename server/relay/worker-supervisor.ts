import { backoffDelayMs } from '#std/backoff.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'

/** A child process that serves until it ends; disposing ends it. */
export interface SupervisedWorker extends AsyncDisposable {
  readonly pid: number
  /** Settles when the worker answered, or can no longer. */
  ping(): Promise<void>
  /** At once and for sure. */
  kill(): void
}

/** Resolves ready, or rejects; afterwards calls `onEnded` once if the worker ends without being disposed. */
export type StartWorker<W> = (onEnded: (reason: string) => void) => Promise<W>

const firstDelayMs = 250
const delayMsMax = 5000
/** A worker that lived this long was sound: what ended it is a new story, and the next one starts at once. */
const soundAfterMs = 10_000
const pingPeriodMs = 1000
/**
 * Counted in ticks of our own timer, not in time, so that our own stall is not blamed on the worker. It also bounds
 * what waits in the pipe to a worker that hangs: some seconds of media.
 */
const unansweredTicksMax = 3

/**
 * Keeps one worker running: `starting -> running -> (ended) starting | waiting -> starting`. The first restart is at once,
 * then 250 ms, doubling to 5 s. A worker that does not answer is killed.
 */
export class WorkerSupervisor<W extends SupervisedWorker> implements AsyncDisposable {
  readonly #clock: Clock
  readonly #log: Log
  readonly #start: StartWorker<W>
  #worker: W | null = null
  #reason: string | null = 'the media worker is starting'
  #restarts = 0
  #attempt = 0
  #runningSinceMs = 0
  #unansweredTicks: number | null = null
  #starting: Promise<void> = Promise.resolve()
  #retry: Timer | null = null
  #pings: Timer | null = null
  #isDisposed = false

  private constructor(options: SupervisorOptions<W>) {
    this.#clock = options.clock
    this.#log = options.log
    this.#start = options.start
  }

  /** Rejects as `start` does when the very first worker does not come up: that is for a person to mend. */
  static async open<W extends SupervisedWorker>(
    options: SupervisorOptions<W>,
  ): Promise<WorkerSupervisor<W>> {
    const supervisor = new WorkerSupervisor(options)
    await supervisor.#begin()
    supervisor.#pings = options.clock.every(pingPeriodMs, () => supervisor.#ping())
    return supervisor
  }

  /** Null while none runs; `reason` then says why. */
  get worker(): W | null {
    return this.#worker
  }

  get reason(): string | null {
    return this.#reason
  }

  /** Tries to start another worker, since the first. */
  get restarts(): number {
    return this.#restarts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    this.#reason = 'the relay is closed'
    this.#retry?.[Symbol.dispose]()
    this.#pings?.[Symbol.dispose]()
    await this.#starting
    const worker = this.#worker
    this.#worker = null
    await worker?.[Symbol.asyncDispose]()
  }

  async #begin(): Promise<void> {
    const begun: { worker: W | null; endedBecause: string | null } = {
      worker: null,
      endedBecause: null,
    }
    const worker = await this.#start((reason) => {
      begun.endedBecause = reason
      if (begun.worker !== null && begun.worker === this.#worker) this.#onEnded(reason)
    })
    if (this.#isDisposed) return worker[Symbol.asyncDispose]()
    begun.worker = worker
    this.#worker = worker
    this.#reason = null
    this.#runningSinceMs = this.#clock.nowMs()
    this.#unansweredTicks = null
    this.#log.info('media worker runs', { pid: worker.pid })
    if (begun.endedBecause !== null) this.#onEnded(begun.endedBecause)
  }

  #onEnded(reason: string): void {
    this.#worker = null
    if (this.#isDisposed) return
    if (this.#clock.nowMs() - this.#runningSinceMs >= soundAfterMs) this.#attempt = 0
    this.#restart(reason)
  }

  #restart(reason: string): void {
    this.#reason = `the media worker ended (${reason}); a new one is starting`
    const delayMs =
      this.#attempt === 0
        ? 0
        : backoffDelayMs({
            attempt: this.#attempt - 1,
            firstMs: firstDelayMs,
            capMs: delayMsMax,
            random: 0.5,
          })
    this.#attempt++
    this.#restarts++
    this.#log.warn('media worker ended', { reason, delayMs, restarts: this.#restarts })
    this.#retry = this.#clock.after(delayMs, () => {
      this.#starting = this.#begin().catch((error: unknown) => {
        if (!this.#isDisposed) this.#restart(messageOf(error))
      })
    })
  }

  #ping(): void {
    const worker = this.#worker
    if (worker === null) return
    if (this.#unansweredTicks !== null) {
      this.#unansweredTicks++
      if (this.#unansweredTicks !== unansweredTicksMax) return
      this.#log.error('media worker does not answer and is killed', { pid: worker.pid })
      worker.kill()
      return
    }
    this.#unansweredTicks = 0
    const answered = (): void => {
      if (this.#worker === worker) this.#unansweredTicks = null
    }
    worker.ping().then(answered, answered)
  }
}

export interface SupervisorOptions<W> {
  readonly clock: Clock
  readonly log: Log
  readonly start: StartWorker<W>
}
