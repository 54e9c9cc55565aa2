import { join } from 'node:path'
import type { Config } from '#config/schema.ts'
import { EngineBuildProcess } from '#gpu/engine-build-process.ts'
import type { EngineBuilder, EngineRequest } from '#gpu/engine-builder.ts'
import { EngineError } from '#gpu/engine-error.ts'
import { EngineKeeper } from '#gpu/engine-keeper.ts'
import { type EnginePlan, enginePlan } from '#gpu/engine-plan.ts'
import type { EngineServer } from '#gpu/engine-upgrade.ts'
import { installedLibraries, type ProviderLibraries } from '#gpu/execution-provider.ts'
import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'
import type { ModelServer } from './models/model-directory.ts'

/** The files that the detector is opened with. */
export interface FirstModel {
  readonly modelPath: string
  readonly cardPath: string
  readonly executionProviders: readonly string[]
}

export type TensorrtConfig = Pick<Config, 'dataDir' | 'searchPath' | 'gpu'>

/** What an operator's `auto` means on a GPU, where engines run. */
const batchMaxByDefault = 32

/** TensorRT for the configured model: which files to start with, and the engine that comes later. */
export class Tensorrt {
  readonly #config: TensorrtConfig
  readonly #modelsFolder: string
  readonly #clock: Clock
  readonly #log: Log
  readonly #plan: EnginePlan
  readonly #builder: EngineBuilder

  constructor(options: {
    readonly config: TensorrtConfig
    /** Of prepared models and their cards. */
    readonly modelsFolder: string
    readonly clock: Clock
    readonly log: Log
    /** Those of this machine by default. */
    readonly libraries?: Pick<ProviderLibraries, 'missing'>
    /** A process of its own by default. */
    readonly builder?: EngineBuilder
  }) {
    const { libraries = installedLibraries } = options
    this.#config = options.config
    this.#modelsFolder = options.modelsFolder
    this.#clock = options.clock
    this.#log = options.log.area('engine')
    this.#plan = enginePlan(this.#config.gpu.executionProviders, libraries)
    this.#builder =
      options.builder ?? new EngineBuildProcess({ clock: this.#clock, log: this.#log })
  }

  /**
   * The plain model; where the configuration takes nothing but TensorRT, its engine, for which the start has to wait.
   * Rejects with EngineError where there can be none.
   */
  async firstModel(): Promise<FirstModel> {
    const request = this.#requestFor(this.#config.gpu.model)
    const { providers, engine } = this.#plan
    const executionProviders = providers
    if (engine !== 'before') {
      const { modelPath, cardPath } = request
      return { modelPath, cardPath, executionProviders }
    }
    this.#log.info('nothing but TensorRT may serve: the start waits for the engine, for minutes')
    try {
      const { signal } = new AbortController()
      const { modelPath, cardPath } = await this.#builder.build(request, () => {}, signal)
      return { modelPath, cardPath, executionProviders }
    } catch (cause) {
      if (!(cause instanceof EngineError)) throw cause
      const sentence = `TensorRT is demanded and cannot serve: ${messageOf(cause)}`
      throw new EngineError(cause.code, sentence, { cause })
    }
  }

  /** Builds beside what serves, where that is planned. To be disposed before the detector. */
  async openKeeper(server: EngineServer): Promise<EngineKeeper> {
    const keeper = new EngineKeeper({
      plan: this.#plan,
      builder: this.#builder,
      server,
      requestFor: (modelName) => this.#requestFor(modelName),
      clock: this.#clock,
      log: this.#log,
    })
    if (this.#plan.engine === 'beside') await keeper.follow(this.#config.gpu.model)
    return keeper
  }

  #requestFor(modelName: string): EngineRequest {
    const { dataDir, searchPath, gpu } = this.#config
    return {
      modelPath: join(this.#modelsFolder, `${modelName}.onnx`),
      cardPath: join(this.#modelsFolder, `${modelName}.json`),
      enginesDir: join(dataDir, 'engines'),
      devices: gpu.devices,
      searchPath,
      batchMax: gpu.batchMax === 'auto' ? batchMaxByDefault : gpu.batchMax,
    }
  }
}

/** The detector, with an engine to follow where a person had another model take over. */
export function withEngine(
  detector: ModelServer,
  engine: Pick<EngineKeeper, 'follow'>,
): ModelServer {
  return {
    status: () => detector.status(),
    async swap(request) {
      const result = await detector.swap(request)
      void engine.follow(request.name)
      return result
    },
  }
}
