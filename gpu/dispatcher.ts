import type { Clock, Timer } from '#std/clock.ts'
import type { Histogram } from '#std/histogram.ts'
import type { Batch } from './batch.ts'
import type { Detection } from './detection.ts'
import type {
  DetectionStamps,
  DetectorStream,
  FrameOutcome,
  OfferedFrame,
  StreamOptions,
} from './detector.ts'
import type { Generation, GenerationHost } from './generation.ts'
import type { RanMessage, ReadyMessage } from './inference-messages.ts'
import type { SchedulerOptions, SchedulingPolicy, Undetected } from './scheduling-policy.ts'
import { ServingStream, type Offer } from './serving-stream.ts'

export interface DispatcherOptions {
  readonly generation: Generation
  readonly policy: (
    options: Pick<SchedulerOptions<Offer>, 'batchMax' | 'onUndetected'>,
  ) => SchedulingPolicy<Offer>
  readonly clock: Clock
  /** Frames a batch. */
  readonly batchSizes: Histogram
}

interface Member {
  readonly memory: SharedArrayBuffer
  outdate(): void
  close(outcome: FrameOutcome): void
}

const undetected: Record<Undetected, FrameOutcome> = {
  superseded: { kind: 'superseded' },
  late: { kind: 'late' },
  paced: { kind: 'paced' },
}
const lost: FrameOutcome = { kind: 'failed', code: 'inference_lost' }
/** Class index, score, left, top, width, height. */
const valuesADetection = 6

/**
 * The scheduler's shell: gives it the time, its dispatches to the generation that serves, and the answers to the
 * streams. Its streams have their pixels scaled alike, so that another generation that wants the same can take over
 * between two batches.
 */
export class Dispatcher implements GenerationHost {
  readonly #clock: Clock
  readonly #batchSizes: Histogram
  readonly #scheduler: SchedulingPolicy<Offer>
  readonly #streams = new Map<number, Member>()
  #emptied: PromiseWithResolvers<void> | null = null
  #generation: Generation
  #streamCount = 0
  #timer: Timer | null = null
  #isPumping = false
  /** Something changed since the scheduler was asked. */
  #mustPump = false
  /** How frames end from now on that were not dispatched. */
  #stopped: FrameOutcome | null = null

  constructor({ generation, policy, clock, batchSizes }: DispatcherOptions) {
    this.#clock = clock
    this.#batchSizes = batchSizes
    this.#generation = generation
    this.#scheduler = policy({
      batchMax: generation.ready.batchMax,
      onUndetected: (offer, outcome) => offer.settle(undetected[outcome]),
    })
    generation.attach(this)
  }

  get generation(): Generation {
    return this.#generation
  }

  addStream<F extends OfferedFrame>(options: StreamOptions<F>): DetectorStream<F> {
    const number = ++this.#streamCount
    // A camera that changes its picture size opens a new stream under its id before the old one has ended.
    const key = `${options.streamId}#${number}`
    this.#generation.announce(number, options.memory)
    this.#scheduler.addStream(key, options)
    const stream = new ServingStream<F>(options, number, {
      arrive: (offer) => this.#arrive(key, offer),
      setDetectRate: (detectFps) => this.#scheduler.setDetectRate(key, detectFps),
      leave: () => {
        this.#scheduler.removeStream(key)
        this.#generation.forget(number)
        this.#streams.delete(number)
        if (this.#streams.size === 0) this.#emptied?.resolve()
      },
    })
    this.#streams.set(number, {
      memory: options.memory,
      outdate: () => options.onOutdated?.(),
      close: (outcome) => stream.close(outcome),
    })
    if (this.#stopped !== null) stream.close(this.#stopped)
    return stream
  }

  /** New batches go to `next`; returns the generation that served until now, which may still run some. */
  adopt(next: Generation): Generation {
    const former = this.#generation
    for (const [number, { memory }] of this.#streams) next.announce(number, memory)
    this.#generation = next
    this.#scheduler.changeDevice(next.ready)
    next.attach(this)
    return former
  }

  /** Tells every stream that its pixels are no longer what the serving model wants; resolves when all are gone. */
  async outdate(): Promise<void> {
    this.#emptied ??= Promise.withResolvers<void>()
    // A stream that is told may be gone when it returns.
    for (const member of Array.from(this.#streams.values())) member.outdate()
    if (this.#streams.size > 0) await this.#emptied.promise
  }

  /** Nothing is dispatched any more; what runs still ends. */
  stop(outcome: FrameOutcome): void {
    this.#stopped ??= outcome
    this.#stopTimer()
  }

  /** Everything that has not ended ends so, and every stream with it. */
  close(outcome: FrameOutcome): void {
    this.stop(outcome)
    for (const member of Array.from(this.#streams.values())) member.close(outcome)
  }

  onReady({ calibration }: ReadyMessage): void {
    for (const sample of calibration.samples) this.#scheduler.calibrate(calibration, sample)
    this.#pump()
  }

  onRan(batch: Batch<Offer>, ran: RanMessage, by: Generation): void {
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
    if (by === this.#generation) this.#scheduler.done(batch, postedAtMs - dispatchedAtMs)
    // What the former model took says nothing about this one.
    else this.#scheduler.failed(batch)
    this.#pump()
    const { model } = by
    let at = 0
    let index = 0
    for (const offer of frames) {
      const end = at + (ran.counts[index++] ?? 0) * valuesADetection
      const detections = detectionsOf(ran.detections, at, end)
      offer.settle({ kind: 'detected', detections, stamps, model })
      at = end
    }
  }

  onLost(batch: Batch<Offer>): void {
    const frames = batch.frames.slice()
    this.#scheduler.failed(batch)
    for (const offer of frames) offer.settle(lost)
    this.#pump()
  }

  #arrive(key: string, offer: Offer): void {
    // No worker, and none before the budget allows: that is a failure, not a frame that others were preferred to.
    if (!this.#generation.pool.isHopeful) return offer.settle(lost)
    this.#scheduler.arrive(key, offer, this.#clock.nowMs())
    this.#pump()
  }

  /** Asks the scheduler until it has nothing to dispatch. Frames may end and arrive in the course of it. */
  #pump(): void {
    this.#mustPump = true
    if (this.#isPumping || this.#stopped !== null) return
    this.#isPumping = true
    this.#stopTimer()
    try {
      while (this.#mustPump) {
        this.#mustPump = false
        const nowMs = this.#clock.nowMs()
        const decision = this.#scheduler.poll(nowMs, this.#generation.pool.freeCount)
        if (decision.kind === 'dispatch') {
          this.#generation.run(decision.batch, this.#scheduler.highMs(decision.batch))
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

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = null
  }
}

/** By index: taking the values apart as a list makes seven objects a box. */
function detectionsOf(values: Float32Array, from: number, to: number): Detection[] {
  const detections: Detection[] = []
  const value = (index: number): number => values[index] ?? 0
  for (let at = from; at < to; at += valuesADetection)
    detections.push({
      classIndex: value(at),
      score: value(at + 1),
      left: value(at + 2),
      top: value(at + 3),
      width: value(at + 4),
      height: value(at + 5),
    })
  return detections
}
