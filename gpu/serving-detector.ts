import { assert } from '#std/assert.ts'
import type { Clock, Timer } from '#std/clock.ts'
import { Histogram } from '#std/histogram.ts'
import type { Log } from '#std/log.ts'
import type { Batch } from './batch.ts'
import type { Detection } from './detection.ts'
import type {
  DetectionStamps,
  Detector,
  DetectorStatus,
  DetectorStream,
  FrameOutcome,
  InputGeometry,
  OfferedFrame,
  StreamOptions,
} from './detector.ts'
import type { InferenceBoot, RanMessage, ReadyMessage } from './inference-messages.ts'
import type { StartInferenceThread } from './inference-thread.ts'
import { inputGeometry } from './letterbox.ts'
import type { ModelCard } from './model-card.ts'
import { Scheduler } from './scheduler.ts'
import type {
  SchedulerMode,
  SchedulerOptions,
  SchedulingPolicy,
  Undetected,
} from './scheduling-policy.ts'
import { ServingStream, type Offer } from './serving-stream.ts'
import { SessionPool } from './session-pool.ts'

export interface ServingDetectorOptions {
  readonly start: StartInferenceThread
  readonly boot: InferenceBoot
  readonly sessions: number
  readonly mode: SchedulerMode
  /** Decides what runs next; `Scheduler` unless a measurement puts another in its place. */
  readonly policy?: (options: SchedulerOptions<Offer>) => SchedulingPolicy<Offer>
  readonly clock: Clock
  readonly log: Log
}

const undetected: Record<Undetected, FrameOutcome> = {
  superseded: { kind: 'superseded' },
  late: { kind: 'late' },
  paced: { kind: 'paced' },
}
const lost: FrameOutcome = { kind: 'failed', code: 'inference_lost' }
const closed: FrameOutcome = { kind: 'failed', code: 'detector_closed' }
/** Class index, score, left, top, width, height. */
const valuesADetection = 6
const batchSizeEdges = [1, 2, 4, 8, 16, 32] as const

/** The scheduler's shell: gives it the time, its dispatches to the sessions, and their answers to the streams. */
export class ServingDetector implements Detector {
  readonly #clock: Clock
  readonly #createPolicy: (batchMax: number) => SchedulingPolicy<Offer>
  readonly #pool: SessionPool<Batch<Offer>>
  readonly #streams = new Set<{ close(outcome: FrameOutcome): void }>()
  readonly #batchSizes = new Histogram(batchSizeEdges)
  #ready: ReadyMessage | null = null
  #policy: SchedulingPolicy<Offer> | null = null
  #streamCount = 0
  #timer: Timer | null = null
  #isPumping = false
  /** Something changed since the scheduler was asked. */
  #mustPump = false
  #disposing: Promise<void> | null = null

  private constructor(options: ServingDetectorOptions) {
    this.#clock = options.clock
    const { policy = (policyOptions) => new Scheduler<Offer>(policyOptions) } = options
    this.#createPolicy = (batchMax) =>
      policy({
        batchMax,
        mode: options.mode,
        onUndetected: (offer, outcome) => offer.settle(undetected[outcome]),
      })
    this.#pool = new SessionPool<Batch<Offer>>({
      ...options,
      onReady: (ready) => this.#onReady(ready),
      onRan: (batch, ran) => this.#onRan(batch, ran),
      onLost: (batch) => this.#onLost(batch),
    })
  }

  /** Resolves when all sessions serve; rejects with InferenceError. */
  static async open(options: ServingDetectorOptions): Promise<ServingDetector> {
    const detector = new ServingDetector(options)
    try {
      await detector.#pool.opened()
      return detector
    } catch (error) {
      await detector[Symbol.asyncDispose]()
      throw error
    }
  }

  addStream<F extends OfferedFrame>(options: StreamOptions<F>): DetectorStream<F> {
    // A camera that changes its picture size opens a new stream under its id before the old one has ended.
    const key = `${options.streamId}#${++this.#streamCount}`
    const memoryId = this.#pool.announce(options.memory)
    this.#scheduler.addStream(key, options)
    const stream: ServingStream<F> = new ServingStream<F>(options, memoryId, {
      arrive: (offer) => this.#arrive(key, offer),
      leave: () => {
        this.#streams.delete(stream)
        this.#scheduler.removeStream(key)
        this.#pool.forget(memoryId)
      },
    })
    if (this.#disposing === null) this.#streams.add(stream)
    else stream.close(closed)
    return stream
  }

  inputGeometry(source: { readonly width: number; readonly height: number }): InputGeometry {
    return inputGeometry(this.#card(), source)
  }

  status(): DetectorStatus {
    const card = this.#card()
    return {
      ready: this.#pool.isReady && this.#disposing === null,
      reason: this.#disposing === null ? this.#pool.reason : 'the detector is closing',
      model: { name: card.name, sha256: card.prepared.sha256, classes: card.classes },
      executionProvider: this.#ready?.executionProvider ?? 'none',
      passedOver: this.#ready?.passedOver ?? [],
      restarts: this.#pool.restarts,
      utilization: this.#pool.utilization(),
    }
  }

  /** Frames a batch, since the start. */
  batchSizes(): Histogram {
    return this.#batchSizes
  }

  /** What each session did since the start. */
  sessions(): readonly { readonly busyMs: number; readonly batches: number }[] {
    return this.#pool.stats()
  }

  /** What runs comes to its end, the workers leave, and frames that still wait fail. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposing ??= this.#dispose()
    return this.#disposing
  }

  async #dispose(): Promise<void> {
    this.#stopTimer()
    await this.#pool[Symbol.asyncDispose]()
    for (const stream of this.#streams) stream.close(closed)
  }

  #card(): ModelCard {
    assert(this.#ready !== null, 'the model serves before anyone holds the detector')
    return this.#ready.card
  }

  #arrive(key: string, offer: Offer): void {
    // No worker, and none before the budget allows: that is a failure, not a frame that others were preferred to.
    if (!this.#pool.isHopeful) return offer.settle(lost)
    this.#scheduler.arrive(key, offer, this.#clock.nowMs())
    this.#pump()
  }

  get #scheduler(): SchedulingPolicy<Offer> {
    assert(this.#policy !== null, 'the model serves before anything is scheduled')
    return this.#policy
  }

  #onReady(ready: ReadyMessage): void {
    this.#ready = ready
    this.#policy ??= this.#createPolicy(ready.batchMax)
    const { samples } = ready.calibration
    for (const sample of samples) this.#scheduler.calibrate(ready.calibration, sample)
    this.#pump()
  }

  #onRan(batch: Batch<Offer>, ran: RanMessage): void {
    const postedAtMs = this.#clock.nowMs()
    const { dispatchedAtMs, size } = batch
    const stamps: DetectionStamps = {
      dispatchedAtMs,
      inferredAtMs: ran.inferredAtMs,
      postedAtMs,
      batchSize: size,
    }
    this.#batchSizes.observe(size)
    // The session first: it works while the results are passed on.
    const frames = batch.frames.slice()
    this.#scheduler.done(batch, postedAtMs - dispatchedAtMs)
    this.#pump()
    let at = 0
    for (const [index, offer] of frames.entries()) {
      const end = at + (ran.counts[index] ?? 0) * valuesADetection
      offer.settle({ kind: 'detected', detections: detectionsOf(ran.detections, at, end), stamps })
      at = end
    }
  }

  #onLost(batch: Batch<Offer>): void {
    const frames = batch.frames.slice()
    this.#scheduler.failed(batch)
    for (const offer of frames) offer.settle(lost)
    this.#pump()
  }

  /** Asks the scheduler until it has nothing to dispatch. Frames may end and arrive in the course of it. */
  #pump(): void {
    this.#mustPump = true
    if (this.#isPumping || this.#disposing !== null) return
    this.#isPumping = true
    this.#stopTimer()
    try {
      while (this.#mustPump) {
        this.#mustPump = false
        const nowMs = this.#clock.nowMs()
        const decision = this.#scheduler.poll(nowMs, this.#pool.freeCount)
        if (decision.kind === 'dispatch') {
          this.#dispatch(decision.batch)
          this.#mustPump = true
        } else if (decision.kind === 'wait') {
          this.#stopTimer()
          this.#timer = this.#clock.after(decision.atMs - nowMs, () => this.#pump())
        }
      }
    } finally {
      this.#isPumping = false
    }
  }

  #dispatch(batch: Batch<Offer>): void {
    const [first] = batch.frames
    assert(first !== undefined, 'a batch has a frame')
    const { width, height } = first
    const memoryIds = batch.frames.map(({ memoryId }) => memoryId)
    const byteOffsets = batch.frames.map(({ byteOffset }) => byteOffset)
    const highMs = this.#scheduler.highMs(batch)
    this.#pool.run(batch, { width, height, memoryIds, byteOffsets }, highMs)
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
  }
}

function detectionsOf(values: Float32Array, from: number, to: number): Detection[] {
  const detections: Detection[] = []
  for (let at = from; at < to; at += valuesADetection) {
    const [classIndex = 0, score = 0, left = 0, top = 0, width = 0, height = 0] = values.subarray(
      at,
      at + valuesADetection,
    )
    detections.push({ classIndex, score, left, top, width, height })
  }
  return detections
}
