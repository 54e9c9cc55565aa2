import type { Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { installedLibraries } from './execution-provider.ts'
import { inferenceProcesses } from './inference-process.ts'
import { inferenceThreads, type StartInferenceThread } from './inference-thread.ts'
import type { SchedulerMode } from './scheduling-policy.ts'
import { ServingDetector } from './serving-detector.ts'
import { SessionSizing } from './session-sizing.ts'
import { usableCores } from './usable-cores.ts'

export interface OpenDetectorOptions {
  /** The prepared model and its card. */
  readonly modelPath: string
  readonly cardPath: string
  /** Of the self-test. */
  readonly photoPath: string
  readonly ffmpegPath: string
  /** Workers a device, each with its own copy of the model; 1 by default. `auto`: see session-sizing.ts. */
  readonly sessions?: number | 'auto'
  /** Ordinals of the GPUs; the first by default. */
  readonly devices?: readonly number[]
  /** Cores that decoding takes, for `auto`; never rejects. None by default. */
  readonly decodeCores?: Promise<number>
  /** Pictures a batch; by default what suits the provider that loads. */
  readonly batchMax?: number | 'auto'
  /** `fresh` by default. */
  readonly mode?: SchedulerMode
  /** Tried in this order; the CPU alone by default. */
  readonly executionProviders?: readonly string[]
  /** Threads a session computes with; 1 by default: sessions side by side use cores better than threads within one. */
  readonly intraOpThreads?: number
  readonly clock: Clock
  readonly log: Log
  /** What a session lives in; a thread by default. */
  readonly isolation?: 'thread' | 'process'
  /** The module of the worker (of its thread or process), or another way to start one; tests bring their own. */
  readonly worker?: URL | StartInferenceThread
}

/**
 * Loads, warms and tests the model in its workers. Resolves when it serves; rejects with InferenceError, whose code is
 * the model's own (`model_missing`, `model_altered`, ..) where that is the reason.
 */
export function openDetector(options: OpenDetectorOptions): Promise<ServingDetector> {
  const { executionProviders = ['cpu'], devices = [0], decodeCores = Promise.resolve(0) } = options
  return ServingDetector.open({
    start: starterOf(options),
    boot: {
      modelPath: options.modelPath,
      cardPath: options.cardPath,
      photoPath: options.photoPath,
      ffmpegPath: options.ffmpegPath,
      executionProviders,
      intraOpThreads: options.intraOpThreads ?? 1,
      deviceId: devices[0] ?? 0,
      batchMax: options.batchMax ?? 'auto',
    },
    sessions: new SessionSizing({
      devices,
      sessions: options.sessions ?? 1,
      mayUseGpu: mayLoadOnGpu(executionProviders),
      budget: decodeCores.then((cores) => ({ cores: usableCores(), decodeCores: cores })),
      log: options.log,
    }),
    mode: options.mode ?? 'fresh',
    clock: options.clock,
    log: options.log,
  })
}

function starterOf({ worker, isolation = 'thread' }: OpenDetectorOptions): StartInferenceThread {
  if (typeof worker === 'function') return worker
  return isolation === 'process'
    ? inferenceProcesses(worker ?? new URL('inference-child.ts', import.meta.url))
    : inferenceThreads(worker ?? new URL('inference-worker.ts', import.meta.url))
}

/** Whether it is worth waiting for what the first session finds: a provider of the list has its library here. */
function mayLoadOnGpu(providers: readonly string[]): boolean {
  return providers.some((name) => name !== 'cpu' && installedLibraries.missing(name) === null)
}
