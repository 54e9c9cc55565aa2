import { type Clock, sleep } from '#std/clock.ts'
import { CodedError, messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'
import type { EngineBuilder, EngineFile, EngineRequest } from './engine-builder.ts'

/** What `/api/system` shows of the engine for the model that serves. */
export interface EngineStatus {
  readonly state: 'none' | 'building' | 'ready' | 'failed'
  /** 0..1 of a build; null while nothing can be said. */
  readonly progress: number | null
  readonly sinceWallMs: number
  /** One sentence: why there is none. */
  readonly reason: string | null
}

/** What is needed of the detector: the change of models, at a batch boundary, the self-test before it. */
export interface EngineServer {
  /** Rejects, with a CodedError, where the new one does not serve; then nothing has changed. */
  swap(next: {
    readonly name: string
    readonly modelPath: string
    readonly cardPath: string
    readonly executionProviders: readonly string[]
    readonly batchMax: number
  }): Promise<unknown>
  status(): { readonly model: { readonly name: string; readonly sha256: string } }
}

export interface EngineUpgradeOptions {
  readonly builder: EngineBuilder
  readonly server: EngineServer
  /** For the model that serves now, and `sha256` is its. */
  readonly request: EngineRequest
  readonly clock: Clock
  readonly log: Log
  /** Where engines run; tests without TensorRT bring others. */
  readonly executionProviders?: readonly string[]
}

/** Another model is being loaded: that takes seconds. */
const retryEveryMs = 5_000
const triesMax = 60

/**
 * Serves at once on what is there, and better when the engine is built: builds beside, self-tests, swaps. One try a
 * start: whatever goes wrong is said and changes nothing. An engine for a model that no longer serves is not swapped in.
 */
export class EngineUpgrade implements AsyncDisposable {
  /** Settled: the engine serves, or there is a reason why not. Never rejects. */
  readonly settled: Promise<EngineStatus>
  readonly #options: EngineUpgradeOptions
  readonly #stop = new AbortController()
  readonly #model: { readonly name: string; readonly sha256: string }
  #status: EngineStatus
  #isSwapping = false

  constructor(options: EngineUpgradeOptions) {
    this.#options = options
    this.#model = options.server.status().model
    this.#status = this.#statusOf('building', null)
    this.settled = this.#upgrade()
  }

  status(): EngineStatus {
    return this.#status
  }

  /** The builder is ended. A swap under way is left to the detector, which ends it when it closes itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    if (!this.#isSwapping) await this.settled
  }

  async #upgrade(): Promise<EngineStatus> {
    const { builder, request, log } = this.#options
    const { name } = this.#model
    try {
      const onProgress = ({ share }: { readonly share: number | null }): void => {
        this.#status = { ...this.#status, progress: share }
      }
      const engine = await builder.build(request, onProgress, this.#stop.signal)
      log.info(engine.isReused ? 'engine found' : 'engine built', { model: name })
      this.#status = { ...this.#status, progress: 1 }
      await this.#swap(engine)
      log.info('engine serves', { model: name })
      this.#status = this.#statusOf('ready', null)
    } catch (error) {
      this.#status = this.#refused(error)
    }
    return this.#status
  }

  async #swap(engine: EngineFile): Promise<void> {
    const { server, builder, request, executionProviders = ['tensorrt'] } = this.#options
    const { modelPath, cardPath } = engine
    const { batchMax } = request
    const next = { name: this.#model.name, modelPath, cardPath, executionProviders, batchMax }
    for (let tries = 1; ; tries++) {
      this.#checkWanted()
      try {
        this.#isSwapping = true
        await server.swap(next)
        return
      } catch (error) {
        this.#isSwapping = false
        const code = error instanceof CodedError ? error.code : ''
        if (code === 'swap_in_progress' && tries < triesMax) {
          await sleep(this.#options.clock, retryEveryMs, this.#stop.signal)
          continue
        }
        // An engine that is not what it should be must not be found again at the next start.
        if (engineFaults.has(code)) await builder.discard(engine)
        throw error
      }
    }
  }

  /** Someone may have chosen another model since. */
  #checkWanted(): void {
    const { sha256 } = this.#options.server.status().model
    if (this.#stop.signal.aborted || sha256 !== this.#model.sha256) throw new NotWanted()
  }

  #refused(error: unknown): EngineStatus {
    const { log } = this.#options
    const { name } = this.#model
    const code = error instanceof CodedError ? error.code : 'unknown'
    const reason = messageOf(error)
    const isNothing = error instanceof NotWanted || quietEnds.has(code)
    if (isNothing) log.info(`no engine: ${reason}`, { model: name })
    else log.warn(`no engine: ${reason}; what serves goes on`, { model: name, code })
    return this.#statusOf(isNothing ? 'none' : 'failed', reason)
  }

  #statusOf(state: EngineStatus['state'], reason: string | null): EngineStatus {
    const sinceWallMs = this.#options.clock.wallTimeMs()
    return { state, progress: null, sinceWallMs, reason }
  }
}

/**
 * Codes of a session that say that the file is at fault, or may be: an engine that TensorRT cannot read looks to
 * onnxruntime like a provider that does not load. An engine too few costs minutes beside the server, one too many all.
 */
const engineFaults: ReadonlySet<string> = new Set([
  'model_missing',
  'model_altered',
  'card_invalid',
  'model_invalid',
  'provider_unavailable',
  'self_test_failed',
])
/** Nothing went wrong. */
const quietEnds: ReadonlySet<string> = new Set([
  'engine_unavailable',
  'engine_build_stopped',
  'detector_closed',
])

class NotWanted extends Error {
  constructor() {
    super('the model that it is for no longer serves')
  }
}
