import { assert } from '#std/assert.ts'
import type { Batch } from '../batch.ts'
import type { LatencyProfile } from '../latency-profile.ts'
import { LatencyProfiles } from '../latency-profiles.ts'
import type { Decision, SchedulerOptions, SchedulingPolicy } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import { FrameQueue, shapeOf } from './frame-queue.ts'

/** Frames to run now, or when to look again; 0 = nothing to run. */
export type QueueVerdict = number | { readonly untilMs: number }

export interface QueueRule<F extends SchedulableFrame> {
  readonly order: 'arrival' | 'deadline'
  /** May drop from the front; `profile` is of the first frame's shape. */
  decide(queue: FrameQueue<F>, nowMs: number, profile: LatencyProfile): QueueVerdict
}

/**
 * What others do with the frames of all streams: one queue and a rule. It knows no weights and no detect rates. Here only to be
 * measured against.
 */
export class QueuePolicy<F extends SchedulableFrame> implements SchedulingPolicy<F> {
  readonly #rule: QueueRule<F>
  readonly #queue: FrameQueue<F>
  readonly #profiles: LatencyProfiles

  constructor(options: SchedulerOptions<F>, rule: QueueRule<F>) {
    this.#rule = rule
    this.#queue = new FrameQueue<F>(options.onUndetected)
    this.#profiles = new LatencyProfiles(options.batchMax)
  }

  addStream(): void {}

  removeStream(streamId: string): F | null {
    return this.#queue.removeStream(streamId)
  }

  setDetectRate(): void {}

  calibrate(
    shape: { readonly width: number; readonly height: number },
    sample: { readonly batchSize: number; readonly ms: number },
  ): void {
    this.#profiles.calibrate(shape.width * 65_536 + shape.height, sample)
  }

  changeDevice(): void {
    assert(false, 'a baseline is measured on one device')
  }

  highMs(batch: Batch<F>): number {
    return this.#profiles.of(batch.shape).highMs(batch.size)
  }

  arrive(streamId: string, frame: F, arrivedAtMs: number): void {
    const queued = { streamId, frame, arrivedAtMs }
    if (this.#rule.order === 'arrival') this.#queue.push(queued)
    else this.#queue.insertByDeadline(queued)
  }

  poll(nowMs: number, freeSessions: number): Decision<F> {
    const { first } = this.#queue
    if (freeSessions < 1 || first === undefined) return { kind: 'idle' }
    const profile = this.#profiles.of(shapeOf(first.frame))
    const verdict = this.#rule.decide(this.#queue, nowMs, profile)
    if (verdict === 0) return { kind: 'idle' }
    if (typeof verdict !== 'number') return { kind: 'wait', atMs: verdict.untilMs }
    const batch = this.#queue.take(verdict)
    batch.dispatchedAtMs = nowMs
    this.#profiles.of(batch.shape).ran(nowMs)
    return { kind: 'dispatch', batch }
  }

  done(batch: Batch<F>, ms: number): void {
    this.#profiles.of(batch.shape).add(batch.size, ms)
  }

  failed(): void {}
}
