import type { PassedOver } from './execution-provider.ts'
import type { InferenceErrorCode } from './inference-error.ts'
import type { ModelCard } from './model-card.ts'

/** What an inference worker is told at its birth. */
export interface InferenceBoot {
  readonly modelPath: string
  readonly cardPath: string
  /** The picture of the self-test. */
  readonly photoPath: string
  readonly ffmpegPath: string
  /** Tried in this order. */
  readonly executionProviders: readonly string[]
  /** Ordinal of the GPU; the CPU has none. */
  readonly deviceId: number
  readonly intraOpThreads: number
  /** `auto`: what suits the provider that loads. */
  readonly batchMax: number | 'auto'
}

/** Frames of one shape, by where their pixels lie; index by index. */
export interface RunMessage {
  readonly kind: 'run'
  readonly batchId: number
  readonly width: number
  readonly height: number
  readonly memoryIds: readonly number[]
  readonly byteOffsets: readonly number[]
}

export type ToWorker =
  | { readonly kind: 'memory'; readonly memoryId: number; readonly memory: SharedArrayBuffer }
  | { readonly kind: 'forget'; readonly memoryId: number }
  | RunMessage
  /** Run grey pictures for so long: answered by `rehearsed`. */
  | { readonly kind: 'rehearse'; readonly forMs: number }
  /** Finish what runs, release the model, end the thread. */
  | { readonly kind: 'leave' }

export interface ReadyMessage {
  readonly kind: 'ready'
  readonly card: ModelCard
  readonly executionProvider: string
  readonly passedOver: readonly PassedOver[]
  /** Pictures a batch, 1 to this many. */
  readonly batchMax: number
  /** Shape and times of the warm-up's batches. */
  readonly calibration: {
    readonly width: number
    readonly height: number
    readonly samples: readonly { readonly batchSize: number; readonly ms: number }[]
  }
  /** For the log's debug level. */
  readonly notes: readonly string[]
}

export interface RanMessage {
  readonly kind: 'ran'
  readonly batchId: number
  /** Detections of each picture. */
  readonly counts: readonly number[]
  /** All pictures' detections, one after another; 6 numbers each: class index, score, left, top, width, height. */
  readonly detections: Float32Array
  readonly inferredAtMs: number
}

export interface RehearsedMessage {
  readonly kind: 'rehearsed'
  readonly runs: number
  /** CPU time of the worker's thread. */
  readonly cpuMs: number
}

export type FromWorker =
  /** The model is in memory; warm-up and self-test come next. */
  | { readonly kind: 'loaded' }
  | ReadyMessage
  /** It cannot serve, and ends. */
  | { readonly kind: 'refused'; readonly code: InferenceErrorCode; readonly message: string }
  | RanMessage
  | RehearsedMessage
  /** It served, cannot any more, and ends. */
  | { readonly kind: 'broken'; readonly message: string }
