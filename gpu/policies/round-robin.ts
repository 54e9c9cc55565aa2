import { assert } from '#std/assert.ts'
import { Batch } from '../batch.ts'
import { LatencyProfiles } from '../latency-profiles.ts'
import type { Decision, SchedulerOptions, SchedulingPolicy } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import { shapeOf } from './frame-queue.ts'

interface Turn<F> {
  readonly streamId: string
  waiting: F | null
}

/** Each stream's newest frame, stream after stream in a circle, as many as fit; no deadlines, no weights, no rates. */
export class RoundRobin<F extends SchedulableFrame> implements SchedulingPolicy<F> {
  readonly #options: SchedulerOptions<F>
  readonly #turns: Turn<F>[] = []
  readonly #profiles: LatencyProfiles
  #next = 0

  constructor(options: SchedulerOptions<F>) {
    this.#options = options
    this.#profiles = new LatencyProfiles(options.batchMax)
  }

  addStream(streamId: string): void {
    this.#turns.push({ streamId, waiting: null })
  }

  removeStream(streamId: string): F | null {
    const at = this.#turns.findIndex((turn) => turn.streamId === streamId)
    const [removed] = this.#turns.splice(at, 1)
    if (at < this.#next) this.#next--
    return removed?.waiting ?? null
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

  arrive(streamId: string, frame: F): void {
    const turn = this.#turns.find((candidate) => candidate.streamId === streamId)
    assert(turn !== undefined, 'the stream was added and not removed')
    if (turn.waiting !== null) this.#options.onUndetected(turn.waiting, 'superseded')
    turn.waiting = frame
  }

  poll(nowMs: number, freeSessions: number): Decision<F> {
    if (freeSessions < 1) return { kind: 'idle' }
    const batch = new Batch<F>()
    const count = this.#turns.length
    const from = this.#next
    for (let i = 0; i < count && batch.size < this.#options.batchMax; i++) {
      const turn = this.#turns[(from + i) % count]
      if (turn === undefined || turn.waiting === null) continue
      const shape = shapeOf(turn.waiting)
      if (batch.size > 0 && shape !== batch.shape) continue
      batch.shape = shape
      batch.frames.push(turn.waiting)
      turn.waiting = null
      this.#next = (from + i + 1) % count
    }
    if (batch.size === 0) return { kind: 'idle' }
    batch.dispatchedAtMs = nowMs
    this.#profiles.of(batch.shape).ran(nowMs)
    return { kind: 'dispatch', batch }
  }

  done(batch: Batch<F>, ms: number): void {
    this.#profiles.of(batch.shape).add(batch.size, ms)
  }

  failed(): void {}
}
