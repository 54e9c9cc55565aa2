import type { Detection } from './detection.ts'
import type { SessionCount } from './session-count.ts'
import type { StreamClass } from './stream-slot.ts'
import type { PassedOver } from './execution-provider.ts'

/** A frame that waits for the model: pixels, the capture instant and nothing about a camera. */
export interface OfferedFrame {
  /** Into the stream's memory; width * height * 1.5 bytes, yuv420p, BT.601 in limited range. */
  readonly byteOffset: number
  readonly width: number
  readonly height: number
  readonly capturedAtMs: number
  /** Latest instant at which its detections are of use. */
  readonly deadlineAtMs: number
}

/** Instants of a detected frame on the server's monotonic clock. */
export interface DetectionStamps {
  /** The scheduler gave it to a session. */
  readonly dispatchedAtMs: number
  /** `session.run` of its batch ended. */
  readonly inferredAtMs: number
  /** Decoded by the head, suppressed, and back on the main thread. */
  readonly postedAtMs: number
  readonly batchSize: number
}

/** The model of a result. */
export interface ModelIdentity {
  readonly name: string
  /** Of the prepared file. */
  readonly sha256: string
  readonly classes: readonly string[]
}

/** What became of an offered frame; each gets exactly one. */
export type FrameOutcome =
  | {
      readonly kind: 'detected'
      readonly detections: readonly Detection[]
      readonly stamps: DetectionStamps
      /** The one that found them; another one may serve by now. */
      readonly model: ModelIdentity
    }
  | { readonly kind: 'superseded' | 'late' | 'paced' }
  | { readonly kind: 'failed'; readonly code: string }

export interface StreamOptions<F extends OfferedFrame> {
  readonly streamId: string
  /** What `byteOffset` of its frames points into. */
  readonly memory: SharedArrayBuffer
  /** Share under overload against other streams. */
  readonly weight: number
  /** Frames a second; 0 = every frame. */
  readonly detectFps: number
  /**
   * `live` unless said. A `spare` stream is load that waits: its frames run while no live frame is ready, in at most a
   * tenth of the device's time, one in flight and one waiting. Offer the next when `onOutcome` tells of the last, and
   * none is superseded; give a frame without a deadline `Infinity`, and none is late.
   */
  readonly class?: StreamClass
  /** Called once for each offered frame, at the latest when the stream is disposed; the pixels are free from then on. */
  readonly onOutcome: (frame: F, outcome: FrameOutcome) => void
  /**
   * Another model serves that wants its pixels scaled otherwise: open a stream with `inputGeometry` as it is now, and
   * dispose this one once it has ended what it was offered. It still works, with the former model, for a minute.
   */
  readonly onOutdated?: () => void
}

export interface DetectorStream<F extends OfferedFrame> extends Disposable {
  /** Never blocks; replaces a frame that still waits. */
  offer(frame: F): void
  /** The rate in force from the next frame on, below the configured one while load is shed; 0 = every frame. */
  setDetectRate(detectFps: number): void
}

/** How pictures must be scaled for the model that serves. */
export interface InputGeometry {
  readonly width: number
  readonly height: number
  /** FFmpeg filter string; the only way pixels are scaled for a model. */
  readonly filter: string
  readonly pixelFormat: 'yuv420p'
}

export interface SwapProgress {
  readonly model: string
  /** `switching`: it serves, and the former one ends what it has. */
  readonly phase: 'loading' | 'testing' | 'switching'
  readonly startedAtMs: number
}

export interface SwapFailure {
  readonly model: string
  readonly code: string
  /** One sentence. */
  readonly message: string
  readonly failedAtMs: number
}

export interface DetectorStatus {
  /** The model serves: loaded, warm, self-test passed. */
  readonly ready: boolean
  /** One sentence while it does not. */
  readonly reason: string | null
  readonly model: ModelIdentity
  /** Of the model that is taking over, if one is. */
  readonly swap: SwapProgress | null
  /** The last one that did not come about, until one does. */
  readonly lastSwapFailure: SwapFailure | null
  readonly executionProvider: string
  /** Providers that the operator would have preferred, and why they were not taken. */
  readonly passedOver: readonly PassedOver[]
  /** How many workers the model runs in at once, and why so many. */
  readonly sessions: SessionCount
  /** Inference workers that were lost and replaced since the start. */
  readonly restarts: number
  /** Share of the last seconds in which a session ran, 0..1. */
  readonly utilization: number
}

/** The front door of gpu/: pixels and a deadline in, detections out. */
export interface Detector extends AsyncDisposable {
  addStream<F extends OfferedFrame>(options: StreamOptions<F>): DetectorStream<F>
  /** For a source picture of this size. */
  inputGeometry(source: { readonly width: number; readonly height: number }): InputGeometry
  status(): DetectorStatus
}
