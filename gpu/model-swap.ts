import type { Clock } from '#std/clock.ts'
import { CodedError, messageOf } from '#std/coded-error.ts'
import type { ModelIdentity, SwapFailure, SwapProgress } from './detector.ts'
import type { Generation } from './generation.ts'
import type { InferenceBoot } from './inference-messages.ts'

/** Another model, or the same one elsewhere; what is left out is as it was when the detector was opened. */
export interface SwapRequest extends Partial<InferenceBoot> {
  /** For people, while it is being loaded. */
  readonly name: string
  readonly modelPath: string
  readonly cardPath: string
  readonly sessions?: number
}

export interface SwapResult {
  readonly from: ModelIdentity
  readonly to: ModelIdentity
  readonly executionProvider: string
  /** Streams went on with the pixels that they had. */
  readonly samePixels: boolean
  /** Until the new model could serve. */
  readonly loadMs: number
  /** From then until the former one had left. */
  readonly switchMs: number
}

/** One change of models while it lasts. */
export class ModelSwap {
  readonly next: Generation
  readonly #name: string
  readonly #clock: Clock
  readonly #startedAtMs: number
  #servesSinceMs: number | null = null

  constructor(name: string, next: Generation, clock: Clock) {
    this.next = next
    this.#name = name
    this.#clock = clock
    this.#startedAtMs = clock.nowMs()
  }

  /** The new model serves from now on. */
  switched(): void {
    this.#servesSinceMs = this.#clock.nowMs()
  }

  progress(): SwapProgress {
    const preparing = this.next.hasLoaded ? 'testing' : 'loading'
    const phase = this.#servesSinceMs === null ? preparing : 'switching'
    return { model: this.#name, phase, startedAtMs: this.#startedAtMs }
  }

  /** The former one has left. */
  durations(): Pick<SwapResult, 'loadMs' | 'switchMs'> {
    const nowMs = this.#clock.nowMs()
    const servesSinceMs = this.#servesSinceMs ?? nowMs
    return { loadMs: servesSinceMs - this.#startedAtMs, switchMs: nowMs - servesSinceMs }
  }

  failure(error: unknown): SwapFailure {
    const code = error instanceof CodedError ? error.code : 'start_failed'
    return {
      model: this.#name,
      code,
      message: messageOf(error),
      failedAtMs: this.#clock.nowMs(),
    }
  }
}
