import type { Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import type { EngineBuilder, EngineRequest } from './engine-builder.ts'
import type { EnginePlan } from './engine-plan.ts'
import { type EngineServer, type EngineStatus, EngineUpgrade } from './engine-upgrade.ts'

export interface EngineKeeperOptions {
  readonly plan: Pick<EnginePlan, 'engine' | 'reason'>
  readonly builder: EngineBuilder
  readonly server: EngineServer
  /** For the prepared model of this name. */
  readonly requestFor: (modelName: string) => EngineRequest
  readonly clock: Clock
  readonly log: Log
  /** Where engines run; tests without TensorRT bring others. */
  readonly executionProviders?: readonly string[]
}

/** One engine at a time, for the model that serves; says how far it is. */
export class EngineKeeper implements AsyncDisposable {
  readonly #options: EngineKeeperOptions
  #upgrade: EngineUpgrade | null = null
  readonly #idle: EngineStatus
  /** One change after another. */
  #turn: Promise<void> = Promise.resolve()
  #isDisposed = false

  constructor(options: EngineKeeperOptions) {
    this.#options = options
    const { plan, clock } = options
    this.#idle = {
      // Where an engine had to be there first, it serves by now.
      state: plan.engine === 'before' ? 'ready' : 'none',
      progress: null,
      sinceWallMs: clock.wallTimeMs(),
      reason: plan.reason,
    }
  }

  status(): EngineStatus {
    return this.#upgrade?.status() ?? this.#idle
  }

  /** A plain model serves: from now on an engine is wanted for it and for no other. Resolves once that is under way. */
  follow(modelName: string): Promise<void> {
    this.#turn = this.#turn.then(() => this.#change(modelName))
    return this.#turn
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    await this.#turn
    await this.#upgrade?.[Symbol.asyncDispose]()
  }

  async #change(modelName: string): Promise<void> {
    if (this.#options.plan.engine === 'never') return
    const former = this.#upgrade
    this.#upgrade = null
    await former?.[Symbol.asyncDispose]()
    if (this.#isDisposed) return
    const request = this.#options.requestFor(modelName)
    this.#upgrade = new EngineUpgrade({ ...this.#options, request })
  }
}
