import { assert } from '#std/assert.ts'
import { Batch } from './batch.ts'
import { LatencyProfiles } from './latency-profiles.ts'
import { ReadyOrder } from './ready-order.ts'
import type {
  Decision,
  ScheduledStreamOptions,
  SchedulerOptions,
  SchedulingPolicy,
} from './scheduling-policy.ts'
import { SpareCredit } from './spare-credit.ts'
import { type SchedulableFrame, StreamSlot } from './stream-slot.ts'

/** Timers fire a little late, and predicted arrivals come a little late. */
const guardMs = 1
/**
 * With no batch of a shape for this long, its frames go although L95 says late: else a profile spoilt by a bad spell
 * would never be corrected, and a model slower than the budget would never give any result.
 */
const probePeriodMs = 500
/** Load that waits and finds no room before the next live deadline looks again then. */
const spareRetryMs = 100
/** Multiples of it, modulo 1, are spread evenly however many there are: cameras that start together do not stay in step. */
const goldenRatio = 0.618_033_988_75

/**
 * Decides which waiting frames run next: one slot a stream (the newest frame that is due), streams by weighted age,
 * batches as large as throughput wants and deadlines allow. Pure: no clock, no I/O; the same object runs in server,
 * simulator and tests. A frame ends once: dispatched, `onUndetected`, or returned by `removeStream`.
 */
export class Scheduler<F extends SchedulableFrame> implements SchedulingPolicy<F> {
  readonly #options: SchedulerOptions<F>
  readonly #streams = new Map<string, StreamSlot<F>>()
  /** The live ones, to walk without garbage. */
  readonly #slots: StreamSlot<F>[] = []
  readonly #spareSlots: StreamSlot<F>[] = []
  readonly #ready = new ReadyOrder<F>()
  readonly #spareReady = new ReadyOrder<F>()
  readonly #spareCredit = new SpareCredit()
  #profiles: LatencyProfiles
  #batchMax: number
  readonly #unusedBatches: Batch<F>[] = []
  readonly #idle: Decision<F> = { kind: 'idle' }
  readonly #wait = { kind: 'wait' as const, atMs: 0 }
  #added = 0
  #running = 0
  #waitingSinceMs: number | null = null

  constructor(options: SchedulerOptions<F>) {
    this.#options = options
    this.#batchMax = options.batchMax
    this.#profiles = new LatencyProfiles(options.batchMax)
  }

  /** `detectFps` 0 = every frame. */
  addStream(streamId: string, options: ScheduledStreamOptions): void {
    assert(!this.#streams.has(streamId), 'a stream is added once')
    assert(
      options.weight > 0 && options.detectFps >= 0,
      'weight is positive, detectFps not negative',
    )
    const phase = (this.#added++ * goldenRatio) % 1
    const slot = new StreamSlot<F>({ streamId, ...options, phase })
    this.#streams.set(streamId, slot)
    const slots = slot.isSpare ? this.#spareSlots : this.#slots
    slots.push(slot)
  }

  /** Returns the frame that still waited; one in flight comes back with its batch. */
  removeStream(streamId: string): F | null {
    const slot = this.#slot(streamId)
    this.#streams.delete(streamId)
    const slots = slot.isSpare ? this.#spareSlots : this.#slots
    slots.splice(slots.indexOf(slot), 1)
    this.#ready.clear()
    this.#spareReady.clear()
    const { waiting } = slot
    slot.waiting = null
    return waiting
  }

  /** The rate that is in force from now on, below the configured one while load is shed; 0 = every frame. */
  setDetectRate(streamId: string, detectFps: number): void {
    this.#slot(streamId).setRate(detectFps)
  }

  /** What a batch of this shape took at start: the profile's first samples. */
  calibrate(
    shape: { readonly width: number; readonly height: number },
    sample: { readonly batchSize: number; readonly ms: number },
  ): void {
    this.#profiles.calibrate(shape.width * 65_536 + shape.height, sample)
  }

  changeDevice({ batchMax }: { readonly batchMax: number }): void {
    this.#batchMax = batchMax
    this.#profiles = new LatencyProfiles(batchMax)
  }

  /** L95 of a batch of one shape, for who watches over it. */
  highMs(batch: Batch<F>): number {
    return this.#profiles.of(batch.shape).highMs(batch.size)
  }

  arrive(streamId: string, frame: F, nowMs: number): void {
    const slot = this.#slot(streamId)
    const { onUndetected } = this.#options
    // Older than what this stream showed before: results never go back in time.
    if (!slot.arrived(frame, nowMs)) return onUndetected(frame, 'superseded')
    const older = slot.waiting
    if (older === null && !slot.isDue(frame.capturedAtMs)) return onUndetected(frame, 'paced')
    slot.waiting = frame
    if (older !== null) onUndetected(older, 'superseded')
  }

  /** What to do with the next free session; called again after a dispatch until it is not one. */
  poll(nowMs: number, freeSessions: number): Decision<F> {
    if (freeSessions < 1) return this.#idle
    this.#collect(this.#slots, this.#ready, nowMs)
    if (this.#ready.count === 0) {
      this.#waitingSinceMs = null
      return this.#pollSpare(nowMs, freeSessions)
    }
    const size = this.#withinDeadline(this.#orderFirst(nowMs, freeSessions), nowMs)
    const untilMs =
      this.#options.mode === 'fresh'
        ? this.#worthWaitingUntilMs(size, nowMs)
        : this.#latestStartMs(size, nowMs)
    if (untilMs === null) {
      this.#waitingSinceMs = null
      return this.#dispatch(this.#ready, size, nowMs)
    }
    this.#waitingSinceMs ??= nowMs
    return this.#waitUntil(untilMs, nowMs)
  }

  /** The batch ran; `ms` from dispatch to answer. Its frames are the caller's to report. */
  done(batch: Batch<F>, ms: number): void {
    this.#profiles.of(batch.shape).add(batch.size, ms)
    if (batch.isSpare) this.#spareCredit.spend(ms)
    this.#release(batch)
  }

  /** The batch was lost with its session: no latency was learned. */
  failed(batch: Batch<F>): void {
    this.#release(batch)
  }

  #release(batch: Batch<F>): void {
    for (const slot of batch.slots) slot.inFlight = false
    this.#running--
    batch.clear()
    this.#unusedBatches.push(batch)
  }

  #slot(streamId: string): StreamSlot<F> {
    const slot = this.#streams.get(streamId)
    assert(slot !== undefined, 'the stream was added and not removed')
    return slot
  }

  #collect(slots: readonly StreamSlot<F>[], ready: ReadyOrder<F>, nowMs: number): void {
    ready.clear()
    for (const slot of slots) {
      const frame = slot.waiting
      if (frame === null || slot.inFlight) continue
      const profile = this.#profiles.of(slot.shape)
      const neededMs = profile.idleMs(nowMs) >= probePeriodMs ? 0 : profile.highMs(1)
      if (nowMs + neededMs <= frame.deadlineAtMs) {
        ready.add(slot, frame, nowMs)
        continue
      }
      slot.waiting = null
      this.#options.onUndetected(frame, 'late')
    }
  }

  /** Orders those that could run together; returns how many of them throughput wants in a batch. */
  #orderFirst(nowMs: number, freeSessions: number): number {
    const { mode } = this.#options
    const batchMax = this.#batchMax
    const joining = this.#ready.fixShape()
    // Sessions that are free as well take their share at once instead of after this one.
    const available = Math.min(batchMax, Math.ceil(joining / freeSessions))
    const best = mode === 'fresh' ? this.#bestSize(nowMs) : batchMax
    const larger = Math.min(batchMax, 2 * best)
    const explores =
      best < larger &&
      larger <= available &&
      this.#profiles.of(this.#ready.first.shape).explores(larger)
    const wanted = Math.min(explores ? larger : best, available)
    this.#ready.order(wanted)
    return wanted
  }

  /** b*: where the fixed cost of a batch weighs as much as the wait of those that fill it. */
  #bestSize(nowMs: number): number {
    const batchMax = this.#batchMax
    if (batchMax === 1) return 1
    const profile = this.#profiles.of(this.#ready.first.shape)
    let active = 0
    for (const slot of this.#slots) if (slot.isActive(nowMs)) active++
    const size = Math.round(Math.sqrt((active * profile.betaMs) / profile.alphaMs))
    return Math.min(batchMax, Math.max(1, size))
  }

  /** The largest number of the first `size` that still meets the earliest deadline among them. */
  #withinDeadline(size: number, nowMs: number): number {
    const profile = this.#profiles.of(this.#ready.first.shape)
    let fitting = size
    while (fitting > 1 && nowMs + profile.highMs(fitting) > this.#ready.earliestDeadlineMs(fitting))
      fitting--
    return fitting
  }

  /** Fresh: null, or when the predicted frame will have come whose company is worth more than the wait costs. */
  #worthWaitingUntilMs(size: number, nowMs: number): number | null {
    if (size >= this.#bestSize(nowMs)) return null
    const { shape } = this.#ready.first
    let arrivalAtMs = Infinity
    for (const slot of this.#slots)
      if (slot.waiting === null && !slot.inFlight && slot.shape === shape)
        arrivalAtMs = Math.min(arrivalAtMs, slot.nextArrivalAtMs(nowMs))
    const untilMs = arrivalAtMs + guardMs
    const profile = this.#profiles.of(shape)
    // Counted from the first wait: arrivals that do not come, one after the other, must not add up.
    const waitedMs = untilMs - (this.#waitingSinceMs ?? nowMs)
    const pays = size * waitedMs < profile.betaMs
    const endMs = untilMs + profile.highMs(size + 1) + guardMs
    return pays && endMs <= this.#ready.earliestDeadlineMs(size) ? untilMs : null
  }

  /** Efficient: null when nobody else could join; else the latest start that meets the earliest deadline, if it is not past. */
  #latestStartMs(size: number, nowMs: number): number | null {
    const { shape } = this.#ready.first
    let joinable = 0
    for (const slot of this.#slots)
      if (!slot.inFlight && slot.shape === shape && (slot.waiting !== null || slot.isActive(nowMs)))
        joinable++
    const full = Math.min(this.#batchMax, joinable)
    if (size >= full) return null
    const runMs = this.#profiles.of(shape).highMs(Math.min(full, size + 1))
    const startMs = this.#ready.earliestDeadlineMs(size) - runMs - guardMs
    return startMs > nowMs ? startMs : null
  }

  /** Nothing live is ready: what waits may run if it is due some time and gives the device back in time. */
  #pollSpare(nowMs: number, freeSessions: number): Decision<F> {
    if (this.#spareSlots.length === 0) return this.#idle
    const startAtMs = this.#spareCredit.startAtMs(nowMs, freeSessions + this.#running)
    this.#collect(this.#spareSlots, this.#spareReady, nowMs)
    if (this.#spareReady.count === 0) return this.#idle
    if (startAtMs > nowMs) return this.#waitUntil(startAtMs + guardMs, nowMs)
    const joining = this.#spareReady.fixShape()
    let size = Math.min(this.#batchMax, joining)
    this.#spareReady.order(size)
    const profile = this.#profiles.of(this.#spareReady.first.shape)
    const endByMs = this.#liveStartByMs(nowMs)
    while (size > 0 && nowMs + profile.highMs(size) > endByMs) size--
    return size === 0
      ? this.#waitUntil(nowMs + spareRetryMs, nowMs)
      : this.#dispatch(this.#spareReady, size, nowMs)
  }

  /** When a live frame, here or expected, must start. */
  #liveStartByMs(nowMs: number): number {
    let earliestMs = Infinity
    for (const slot of this.#slots) {
      const runMs = this.#profiles.of(slot.shape).highMs(1)
      earliestMs = Math.min(earliestMs, slot.mustStartByMs(nowMs, runMs))
    }
    return earliestMs
  }

  #waitUntil(atMs: number, nowMs: number): Decision<F> {
    assert(atMs > nowMs, 'no timer in the past')
    this.#wait.atMs = atMs
    return this.#wait
  }

  #dispatch(ready: ReadyOrder<F>, size: number, nowMs: number): Decision<F> {
    const batch = this.#unusedBatches.pop() ?? new Batch<F>()
    batch.shape = ready.first.shape
    batch.isSpare = ready.first.isSpare
    batch.dispatchedAtMs = nowMs
    ready.take(size, batch)
    this.#running++
    this.#profiles.of(batch.shape).ran(nowMs)
    return { kind: 'dispatch', batch }
  }
}
