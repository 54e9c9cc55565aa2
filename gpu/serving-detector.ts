import { withTimeout, type Clock } from '#std/clock.ts'
import { Histogram } from '#std/histogram.ts'
import type { Log } from '#std/log.ts'
import type {
  Detector,
  DetectorStatus,
  DetectorStream,
  FrameOutcome,
  InputGeometry,
  OfferedFrame,
  StreamOptions,
  SwapFailure,
} from './detector.ts'
import { Dispatcher } from './dispatcher.ts'
import { Generation } from './generation.ts'
import type { InferenceBoot } from './inference-messages.ts'
import type { StartInferenceThread } from './inference-thread.ts'
import { inputGeometry } from './letterbox.ts'
import { ModelSwap, type SwapRequest, type SwapResult } from './model-swap.ts'
import { wantSamePixels } from './same-pixels.ts'
import { Scheduler } from './scheduler.ts'
import type { SchedulerMode, SchedulerOptions, SchedulingPolicy } from './scheduling-policy.ts'
import type { Offer } from './serving-stream.ts'
import type { Sizing } from './session-sizing.ts'
import { SwapError } from './swap-error.ts'

export interface ServingDetectorOptions {
  readonly start: StartInferenceThread
  readonly boot: InferenceBoot
  readonly sessions: number | Sizing
  readonly mode: SchedulerMode
  /** Decides what runs next; `Scheduler` unless a measurement puts another in its place. */
  readonly policy?: (options: SchedulerOptions<Offer>) => SchedulingPolicy<Offer>
  readonly clock: Clock
  readonly log: Log
}

const closed: FrameOutcome = { kind: 'failed', code: 'detector_closed' }
const replaced: FrameOutcome = { kind: 'failed', code: 'model_replaced' }
const batchSizeEdges = [1, 2, 4, 8, 16, 32] as const
/**
 * Streams that are told to have their pixels scaled otherwise leave at their camera's next key frame; cameras without
 * one give up after 30 s. Later than this the former model goes and takes them with it.
 */
const moveLimitMs = 60_000

/** The model that serves, the streams that it serves, and the change to another one. */
export class ServingDetector implements Detector {
  readonly #options: ServingDetectorOptions
  readonly #batchSizes = new Histogram(batchSizeEdges)
  /** All that have workers: the one that serves, one that is being loaded, one that ends. */
  readonly #generations = new Set<Generation>()
  #current: Dispatcher
  /** Serves streams that still have the pixels of the model before. */
  #former: Dispatcher | null = null
  #swap: ModelSwap | null = null
  #lastSwapFailure: SwapFailure | null = null
  /** Of generations that have left. */
  #earlierRestarts = 0
  readonly #closing = Promise.withResolvers<void>()
  #disposing: Promise<void> | null = null

  private constructor(options: ServingDetectorOptions, first: Generation) {
    this.#options = options
    this.#generations.add(first)
    this.#current = this.#dispatcherOf(first)
  }

  /** Resolves when all sessions serve; rejects with InferenceError. */
  static async open(options: ServingDetectorOptions): Promise<ServingDetector> {
    const first = new Generation(options)
    try {
      await first.opened()
      return new ServingDetector(options, first)
    } catch (error) {
      await first[Symbol.asyncDispose]()
      throw error
    }
  }

  addStream<F extends OfferedFrame>(options: StreamOptions<F>): DetectorStream<F> {
    return this.#current.addStream(options)
  }

  inputGeometry(source: { readonly width: number; readonly height: number }): InputGeometry {
    return inputGeometry(this.#current.generation.card, source)
  }

  status(): DetectorStatus {
    const { pool, model, ready } = this.#current.generation
    return {
      ready: pool.isReady && this.#disposing === null,
      reason: this.#disposing === null ? pool.reason : 'the detector is closing',
      model,
      swap: this.#swap?.progress() ?? null,
      lastSwapFailure: this.#lastSwapFailure,
      executionProvider: ready.executionProvider,
      passedOver: ready.passedOver,
      sessions: pool.count,
      restarts: this.#restarts(),
      utilization: pool.utilization(),
    }
  }

  /** Frames a batch, since the start. */
  batchSizes(): Histogram {
    return this.#batchSizes
  }

  /** What each session did since the model serves. */
  sessions(): readonly { readonly busyMs: number; readonly batches: number }[] {
    return this.#current.generation.pool.stats()
  }

  /**
   * Loads, warms and tests another model, or the same elsewhere, beside the one that serves; then it takes over between
   * two batches and the former one ends what it has. Resolves when that one has left: no frame is lost to it. Rejects
   * with InferenceError, and nothing has changed, where the new one cannot serve; with SwapError where it is not tried.
   */
  async swap(request: SwapRequest): Promise<SwapResult> {
    if (this.#swap !== null)
      throw new SwapError(
        'swap_in_progress',
        `the model “${this.#swap.progress().model}” is about to take over; one at a time`,
        { retryable: true },
      )
    if (this.#disposing !== null) throw new SwapError('detector_closed', 'the detector is closing')
    const swap = this.#startSwap(request)
    this.#swap = swap
    try {
      await this.#opened(swap)
      return await this.#switch(swap)
    } finally {
      this.#swap = null
    }
  }

  /** What runs comes to its end, the workers leave, and frames that still wait fail. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#dispose()
    return this.#disposing
  }

  async #dispose(): Promise<void> {
    this.#closing.resolve()
    const dispatchers = this.#former === null ? [this.#current] : [this.#current, this.#former]
    for (const dispatcher of dispatchers) dispatcher.stop(closed)
    await Promise.all(Array.from(this.#generations, (each) => each[Symbol.asyncDispose]()))
    for (const dispatcher of dispatchers) dispatcher.close(closed)
  }

  #startSwap({ name, sessions, ...boot }: SwapRequest): ModelSwap {
    const { clock, log } = this.#options
    const next = new Generation({
      ...this.#options,
      boot: { ...this.#options.boot, ...boot },
      sessions: sessions ?? this.#options.sessions,
    })
    this.#generations.add(next)
    log.info('a model is being loaded beside the one that serves', { model: name })
    return new ModelSwap(name, next, clock)
  }

  /** Or else nothing is left of it. */
  async #opened(swap: ModelSwap): Promise<void> {
    try {
      await Promise.race([swap.next.opened(), this.#closing.promise])
      if (this.#disposing !== null)
        throw new SwapError('detector_closed', 'the detector closed before the model could serve')
      this.#lastSwapFailure = null
    } catch (error) {
      this.#lastSwapFailure = swap.failure(error)
      const { model, code, message } = this.#lastSwapFailure
      this.#options.log.warn('the model did not take over', { model, code, reason: message })
      await this.#leave(swap.next, swap.next[Symbol.asyncDispose]())
      throw error
    }
  }

  async #switch(swap: ModelSwap): Promise<SwapResult> {
    const { next } = swap
    const former = this.#current.generation
    const samePixels = wantSamePixels(former.card.input, next.card.input)
    swap.switched()
    this.#options.log.info('another model serves', {
      model: next.model.name,
      sha256: next.model.sha256.slice(0, 12),
      provider: next.ready.executionProvider,
      samePixels,
    })
    if (samePixels) this.#current.adopt(next)
    else await this.#moveStreams(next)
    await this.#leave(former, former.retire())
    const { executionProvider } = next.ready
    return {
      from: former.model,
      to: next.model,
      executionProvider,
      samePixels,
      ...swap.durations(),
    }
  }

  /** New streams come to `next`; those that there are go on with the former model until their owners have moved. */
  async #moveStreams(next: Generation): Promise<void> {
    const { clock, log } = this.#options
    const former = this.#current
    this.#former = former
    this.#current = this.#dispatcherOf(next)
    await withTimeout(clock, former.outdate(), moveLimitMs, () =>
      log.warn('streams have not moved to the new model in time', { limitMs: moveLimitMs }),
    )
    former.close(replaced)
    this.#former = null
  }

  async #leave(generation: Generation, left: Promise<void>): Promise<void> {
    await left
    this.#generations.delete(generation)
    this.#earlierRestarts += generation.pool.restarts
  }

  #restarts(): number {
    let sum = this.#earlierRestarts
    for (const { pool } of this.#generations) sum += pool.restarts
    return sum
  }

  #dispatcherOf(generation: Generation): Dispatcher {
    const { clock, mode, policy = (options) => new Scheduler<Offer>(options) } = this.#options
    return new Dispatcher({
      generation,
      policy: (options) => policy({ ...options, mode }),
      clock,
      batchSizes: this.#batchSizes,
    })
  }
}
