import { assert } from '#std/assert.ts'
import { type Clock, type Timer, withTimeout } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { BusyMeter } from './busy-meter.ts'
import type { InferenceError } from './inference-error.ts'
import type {
  InferenceBoot,
  RanMessage,
  ReadyMessage,
  RehearsedMessage,
  RunMessage,
} from './inference-messages.ts'
import { InferenceSession } from './inference-session.ts'
import type { StartInferenceThread } from './inference-thread.ts'
import type { RestartBudget } from './restart-budget.ts'

export interface SupervisedSessionOptions<J> {
  readonly start: StartInferenceThread
  readonly boot: InferenceBoot
  readonly clock: Clock
  readonly log: Log
  /** Shared by all sessions of a detector. */
  readonly budget: RestartBudget
  /** What a new worker must be told before its first batch. */
  readonly memories: ReadonlyMap<number, SharedArrayBuffer>
  readonly onReady: (ready: ReadyMessage) => void
  readonly onRan: (job: J, ran: RanMessage) => void
  readonly onLost: (job: J) => void
}

/** A worker that has nothing to run ends in milliseconds; releasing a large model takes longer. */
const leaveLimitMs = 1_500

/** Keeps one inference session alive: one that is lost is replaced, within the budget. `J`: what a batch belongs to. */
export class SupervisedSession<J> implements AsyncDisposable {
  /** The first start: rejects with InferenceError, and then there is no second. */
  readonly opened: Promise<ReadyMessage>
  readonly meter: BusyMeter
  readonly #options: SupervisedSessionOptions<J>
  readonly #opening = Promise.withResolvers<ReadyMessage>()
  #session: InferenceSession
  #job: { readonly of: J } | null = null
  #rehearsal: PromiseWithResolvers<RehearsedMessage | null> | null = null
  #isReady = false
  #hasServed = false
  #isDisposed = false
  #lastError: InferenceError | null = null
  #retry: { readonly timer: Timer; readonly atMs: number } | null = null
  #restarts = 0
  #batches = 0

  constructor(options: SupervisedSessionOptions<J>) {
    this.#options = options
    this.meter = new BusyMeter(options.clock.nowMs())
    this.opened = this.#opening.promise
    this.#session = this.#start()
  }

  get isFree(): boolean {
    return this.#session.isFree && !this.#isDisposed
  }

  get isBusy(): boolean {
    return this.#job !== null
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** The model is in memory: what follows is warm-up and self-test, or it serves. */
  get hasLoaded(): boolean {
    return this.#session.hasLoaded
  }

  /** It serves or is being started, as opposed to waiting for the budget. */
  get isHopeful(): boolean {
    return !this.#session.isOver
  }

  get restarts(): number {
    return this.#restarts
  }

  get batches(): number {
    return this.#batches
  }

  /** One sentence while it does not serve. */
  get reason(): string | null {
    if (this.#isReady) return null
    const why = this.#lastError === null ? '' : `: ${this.#lastError.message}`
    if (this.#retry === null) return `the inference worker is starting${why}`
    const seconds = Math.ceil((this.#retry.atMs - this.#options.clock.nowMs()) / 1000)
    return `the inference worker was lost too often, next try in ${seconds} s${why}`
  }

  announce(memoryId: number, memory: SharedArrayBuffer): void {
    this.#session.announce(memoryId, memory)
  }

  forget(memoryId: number): void {
    this.#session.forget(memoryId)
  }

  run(job: J, message: Omit<RunMessage, 'kind' | 'batchId'>, highMs: number): void {
    this.#job = { of: job }
    this.meter.begin(this.#options.clock.nowMs())
    this.#session.run(message, highMs)
  }

  /** Before it serves anyone: grey pictures for so long. Null when it is lost over it. */
  rehearse(forMs: number): Promise<RehearsedMessage | null> {
    this.#rehearsal = Promise.withResolvers()
    this.#session.rehearse(forMs)
    return this.#rehearsal.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return
    this.#isDisposed = true
    this.#isReady = false
    this.#rehearsal?.resolve(null)
    this.#retry?.timer[Symbol.dispose]()
    const session = this.#session
    const { clock, log } = this.#options
    const hasLeft = session.leave().then(() => true)
    if (await withTimeout(clock, hasLeft, leaveLimitMs, () => false)) return
    log.warn('an inference worker does not end and is left behind')
    session.abandon()
  }

  #start(): InferenceSession {
    const { start, boot, clock, memories } = this.#options
    const session = new InferenceSession({
      start,
      boot,
      clock,
      listener: {
        onReady: (ready) => this.#onReady(ready),
        onRan: (ran) => this.#onRan(ran),
        onRehearsed: (rehearsed) => this.#rehearsal?.resolve(rehearsed),
        onLost: (error) => this.#onLost(error),
      },
    })
    for (const [memoryId, memory] of memories) session.announce(memoryId, memory)
    return session
  }

  #onReady(ready: ReadyMessage): void {
    this.#isReady = true
    this.#hasServed = true
    this.#lastError = null
    for (const note of ready.notes) this.#options.log.debug(note)
    this.#opening.resolve(ready)
    this.#options.onReady(ready)
  }

  #onRan(ran: RanMessage): void {
    const job = this.#takeJob()
    assert(job !== null, 'an answer belongs to a batch')
    this.#batches++
    this.#options.onRan(job.of, ran)
  }

  #onLost(error: InferenceError): void {
    this.#isReady = false
    this.#lastError = error
    this.#rehearsal?.resolve(null)
    const job = this.#takeJob()
    if (!this.#hasServed) this.#opening.reject(error)
    else if (!this.#isDisposed) this.#planRestart(error)
    if (job !== null) this.#options.onLost(job.of)
  }

  #takeJob(): { readonly of: J } | null {
    const job = this.#job
    this.#job = null
    this.meter.end(this.#options.clock.nowMs())
    return job
  }

  #planRestart(error: InferenceError): void {
    const { budget, clock, log } = this.#options
    const waitMs = budget.waitMs(clock.nowMs())
    log.warn(`inference worker lost: ${error.message}`, { code: error.code, retryInMs: waitMs })
    if (waitMs === 0) return this.#restart()
    const timer = clock.after(waitMs, () => this.#retryNow(error))
    this.#retry = { timer, atMs: clock.nowMs() + waitMs }
  }

  #retryNow(error: InferenceError): void {
    this.#retry = null
    // Another session may have taken what was left of the budget.
    this.#planRestart(error)
  }

  #restart(): void {
    this.#options.budget.spend(this.#options.clock.nowMs())
    this.#restarts++
    this.#session = this.#start()
  }
}
