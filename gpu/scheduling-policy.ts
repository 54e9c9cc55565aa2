import type { Batch } from './batch.ts'
import type { SchedulableFrame, StreamClass } from './stream-slot.ts'

/** `fresh` never lets the device idle when a frame could run; `efficient` fills batches up to the deadline. */
export type SchedulerMode = 'fresh' | 'efficient'

/** Why a frame never reached the model. */
export type Undetected = 'superseded' | 'late' | 'paced'

/** What to do now; valid until the next call. */
export type Decision<F extends SchedulableFrame> =
  | { readonly kind: 'dispatch'; readonly batch: Batch<F> }
  /** Poll again at that instant (always in the future), or earlier when a frame arrives or a batch ends. */
  | { readonly kind: 'wait'; readonly atMs: number }
  | { readonly kind: 'idle' }

export interface SchedulerOptions<F extends SchedulableFrame> {
  readonly batchMax: number
  readonly mode: SchedulerMode
  /** Called once for each frame that is not dispatched, except the one that `removeStream` returns. */
  readonly onUndetected: (frame: F, outcome: Undetected) => void
}

export interface ScheduledStreamOptions {
  /** Share under overload against other streams. */
  readonly weight: number
  /** Frames a second; 0 = every frame. */
  readonly detectFps: number
  /** `live` unless said. */
  readonly class?: StreamClass | undefined
}

/**
 * Who decides which waiting frames run next: `Scheduler` in the server, and what it is measured against. Pure: no clock,
 * no I/O. A frame ends once: dispatched, `onUndetected`, or returned by `removeStream`.
 */
export interface SchedulingPolicy<F extends SchedulableFrame> {
  addStream(streamId: string, options: ScheduledStreamOptions): void
  /** Returns the frame that still waited; one in flight comes back with its batch. */
  removeStream(streamId: string): F | null
  /** The rate in force from now on; 0 = every frame. */
  setDetectRate(streamId: string, detectFps: number): void
  /** What a batch of this shape took at start. */
  calibrate(
    shape: { readonly width: number; readonly height: number },
    sample: { readonly batchSize: number; readonly ms: number },
  ): void
  /** Another model or device runs the batches from now on: what was learned of the former is forgotten. */
  changeDevice(device: { readonly batchMax: number }): void
  /** What a batch takes at most, 19 times of 20, for who watches over it. */
  highMs(batch: Batch<F>): number
  arrive(streamId: string, frame: F, nowMs: number): void
  /** What to do with the next free session; called again after a dispatch until it is not one. */
  poll(nowMs: number, freeSessions: number): Decision<F>
  /** The batch ran; `ms` from dispatch to answer. Its frames are the caller's to report. */
  done(batch: Batch<F>, ms: number): void
  /** The batch was lost with its session: no latency was learned. */
  failed(batch: Batch<F>): void
}
