import { assert } from '#std/assert.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { InferenceError } from './inference-error.ts'
import type {
  FromWorker,
  InferenceBoot,
  RanMessage,
  ReadyMessage,
  RehearsedMessage,
  RunMessage,
} from './inference-messages.ts'
import type { InferenceThread, StartInferenceThread } from './inference-thread.ts'

export interface InferenceSessionListener {
  onReady(ready: ReadyMessage): void
  onRan(ran: RanMessage): void
  onRehearsed(rehearsed: RehearsedMessage): void
  /** The session is over without having been asked to leave; what it ran is lost. */
  onLost(error: InferenceError): void
}

export interface InferenceSessionOptions {
  readonly start: StartInferenceThread
  readonly boot: InferenceBoot
  readonly clock: Clock
  readonly listener: InferenceSessionListener
}

/** Loading and warming a model takes 1 s here; building an engine for a GPU takes minutes and is not done here. */
const startLimitMs = 120_000
/** A worker that says nothing for this long, or for 20 times what a batch takes, is not slow but gone. */
const silenceMsMin = 2_000
const silenceFactor = 20
/**
 * Silence is looked at this often, and must be found twice: after a stall of the main thread the timer comes before
 * the answer that waits in the queue.
 */
const checkEveryMs = 250

/**
 * The main thread's handle of one worker: starting, free, busy, over. Runs one batch at a time and watches over it. A worker that is lost is asked by
 * message to leave; it is never terminated.
 */
export class InferenceSession {
  readonly #options: InferenceSessionOptions
  readonly #thread: InferenceThread
  readonly #exited = Promise.withResolvers<void>()
  readonly #watch: Timer
  #state: 'starting' | 'free' | 'busy' | 'over' = 'starting'
  #answerByMs: number
  #isSuspect = false
  #hasLoaded = false
  #batchId = 0

  constructor(options: InferenceSessionOptions) {
    this.#options = options
    this.#answerByMs = options.clock.nowMs() + startLimitMs
    this.#thread = options.start(options.boot, {
      onMessage: (message) => this.#onMessage(message),
      onError: (error) => this.#lose('inference_lost', messageOf(error)),
      onExit: (code) => {
        this.#exited.resolve()
        this.#lose('inference_lost', `the inference worker ended with code ${code}`)
      },
    })
    this.#watch = options.clock.every(checkEveryMs, () => this.#checkSilence())
  }

  get isFree(): boolean {
    return this.#state === 'free'
  }

  /** The model is in memory. */
  get hasLoaded(): boolean {
    return this.#hasLoaded
  }

  get isOver(): boolean {
    return this.#state === 'over'
  }

  announce(memoryId: number, memory: SharedArrayBuffer): void {
    if (!this.isOver) this.#thread.post({ kind: 'memory', memoryId, memory })
  }

  forget(memoryId: number): void {
    if (!this.isOver) this.#thread.post({ kind: 'forget', memoryId })
  }

  /** `highMs`: L95 of such a batch. */
  run(message: Omit<RunMessage, 'kind' | 'batchId'>, highMs: number): void {
    this.#occupy(highMs)
    this.#thread.post({ ...message, kind: 'run', batchId: ++this.#batchId })
  }

  /** Grey pictures, for so long. */
  rehearse(forMs: number): void {
    this.#occupy(forMs)
    this.#thread.post({ kind: 'rehearse', forMs })
  }

  /** Resolves when the thread has ended; it ends by itself once nothing runs in it. */
  leave(): Promise<void> {
    this.#end()
    return this.#exited.promise
  }

  /** Lets go of a thread that does not end. */
  abandon(): void {
    this.#thread.abandon()
  }

  #occupy(highMs: number): void {
    assert(this.isFree, 'one batch at a time')
    this.#state = 'busy'
    this.#isSuspect = false
    this.#answerByMs = this.#options.clock.nowMs() + Math.max(silenceMsMin, silenceFactor * highMs)
  }

  #onMessage(message: FromWorker): void {
    // What a lost worker still says comes too late: its frames are reported.
    if (this.isOver) return
    switch (message.kind) {
      case 'loaded':
        this.#hasLoaded = true
        return
      case 'ready':
        this.#state = 'free'
        this.#options.listener.onReady(message)
        return
      case 'ran':
        assert(this.#state === 'busy' && message.batchId === this.#batchId, 'one answer a batch')
        this.#state = 'free'
        this.#options.listener.onRan(message)
        return
      case 'rehearsed':
        this.#state = 'free'
        this.#options.listener.onRehearsed(message)
        return
      case 'refused':
        this.#lose(message.code, message.message)
        return
      case 'broken':
        this.#lose('inference_lost', message.message)
    }
  }

  #checkSilence(): void {
    const isSilent = this.#state !== 'free' && this.#options.clock.nowMs() > this.#answerByMs
    if (isSilent && this.#isSuspect) {
      if (this.#state === 'starting')
        this.#lose('start_timeout', `the model did not load within ${startLimitMs / 1000} s`)
      else this.#lose('inference_lost', 'the inference worker does not answer')
    }
    this.#isSuspect = isSilent
  }

  #lose(code: InferenceError['code'], sentence: string): void {
    if (this.isOver) return
    this.#end()
    // It may hang in native code for ever.
    this.#thread.abandon()
    this.#options.listener.onLost(new InferenceError(code, sentence))
  }

  #end(): void {
    if (this.isOver) return
    this.#state = 'over'
    this.#watch[Symbol.dispose]()
    this.#thread.post({ kind: 'leave' })
  }
}
