/** For which model, GPUs and batches an engine is wanted. */
export interface EngineRequest {
  /** The prepared model and its card. */
  readonly modelPath: string
  readonly cardPath: string
  /** Where engines are kept, one folder each. */
  readonly enginesDir: string
  /** Ordinals of the GPUs that it is to run on. */
  readonly devices: readonly number[]
  /** The value of PATH: where trtexec is looked for. */
  readonly searchPath: string
  /** Pictures a batch, at most. */
  readonly batchMax: number
}

/** A model file that a session opens on TensorRT, and its card. */
export interface EngineFile {
  readonly modelPath: string
  readonly cardPath: string
  /** Holds nothing but this engine. */
  readonly folder: string
  /** It was there already. */
  readonly isReused: boolean
}

export interface EngineProgress {
  /** 0..1; null while nothing can be said. A builder may stand still for most of its time. */
  readonly share: number | null
}

/** Makes engines; minutes of work on a GPU, done beside the server and never in it. */
export interface EngineBuilder {
  /** The engine that stands, where everything matches, else a new one. Rejects with EngineError. One at a time. */
  build(
    request: EngineRequest,
    onProgress: (progress: EngineProgress) => void,
    signal: AbortSignal,
  ): Promise<EngineFile>
  /** For an engine that turned out not to work: the next request builds another. */
  discard(engine: EngineFile): Promise<void>
}
