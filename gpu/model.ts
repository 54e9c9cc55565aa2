import * as ort from 'onnxruntime-node'
import { assert } from '#std/assert.ts'
import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { Candidates } from './candidates.ts'
import {
  openOnFirstProvider,
  type OpenedSession,
  type PassedOver,
  providerOption,
} from './execution-provider.ts'
import type { Head, HeadOutput } from './heads/head.ts'
import { headOfCard } from './heads/head-of-card.ts'
import { type Placement, placementOf } from './letterbox.ts'
import type { ModelCard } from './model-card.ts'
import { ModelError } from './model-error.ts'
import { readModelCard, readModelFile } from './model-files.ts'
import { suppress } from './nms.ts'
import { OutputMemory } from './output-memory.ts'
import { toShares } from './to-shares.ts'

/** `count` pictures of width * height * 3 bytes one after another, in the card's colour order. */
export interface PixelBatch {
  readonly pixels: Uint8Array
  readonly count: number
  readonly width: number
  readonly height: number
}

export interface BatchResult {
  /** One array a picture: 6 numbers a detection: class index, score, left, top, width, height (shares, clipped). */
  readonly detections: readonly Float32Array[]
  /** `session.run` ended; monotonic clock. */
  readonly inferredAtMs: number
}

/**
 * A loaded network, its head and its suppression. Loading and running block their thread for their whole length:
 * it lives in a worker. One `run` at a time; `pixels` must not be written until it resolves, since onnxruntime
 * reads them in place. Tried with memory of its own and, on Node 24.21, with a view of shared memory.
 */
export interface Model extends AsyncDisposable {
  readonly card: ModelCard
  readonly executionProvider: string
  /** Providers that stand before it in the list, and why they were not taken. */
  readonly passedOver: readonly PassedOver[]
  run(batch: PixelBatch): Promise<BatchResult>
}

export interface OpenModelOptions {
  readonly modelPath: string
  readonly cardPath: string
  /** Tried in this order: `tensorrt`, `cuda`, `cpu`. */
  readonly executionProviders: readonly string[]
  /** Ordinal of the GPU, 0 by default; the CPU has none. */
  readonly deviceId?: number
  readonly intraOpThreads: number
  readonly clock: Clock
}

/** A model whose raw numbers can be looked at; only where models are prepared and verified. */
export interface InspectableModel extends Model {
  /** The outputs that the head reads, in its order, before it reads them. Copies. */
  runRaw(batch: PixelBatch): Promise<readonly HeadOutput[]>
}

/** Rejects with a ModelError. */
export async function openModel(options: OpenModelOptions): Promise<InspectableModel> {
  const card = await readModelCard(options.cardPath)
  const bytes = await readModelFile(options.modelPath, card)
  const opened = await openSession(bytes, options)
  const { session, executionProvider, passedOver } = opened
  const head = headOfCard(card)
  const outputNames = checkedOutputs(session, head, options.modelPath)
  const { clock } = options
  return new OnnxModel({ card, executionProvider, passedOver, session, outputNames, head, clock })
}

class OnnxModel implements InspectableModel {
  readonly card: ModelCard
  readonly executionProvider: string
  readonly passedOver: readonly PassedOver[]
  readonly #session: ort.InferenceSession
  readonly #head: Head
  readonly #clock: Clock
  readonly #candidates = new Candidates()
  readonly #outputNames: readonly string[]
  readonly #memory: OutputMemory
  #isRunning = false
  #isReleased = false

  constructor(parts: {
    readonly card: ModelCard
    readonly executionProvider: string
    readonly passedOver: readonly PassedOver[]
    readonly session: ort.InferenceSession
    readonly outputNames: readonly string[]
    readonly head: Head
    readonly clock: Clock
  }) {
    this.card = parts.card
    this.executionProvider = parts.executionProvider
    this.passedOver = parts.passedOver
    this.#session = parts.session
    this.#outputNames = parts.outputNames
    this.#memory = new OutputMemory(parts.outputNames)
    this.#head = parts.head
    this.#clock = parts.clock
  }

  async run(batch: PixelBatch): Promise<BatchResult> {
    const { count } = batch
    const { outputs, inferredAtMs } = await this.#runSession(batch)
    const placement = placementOf(this.card.input, batch)
    const detections = Array.from({ length: count }, (_, index) =>
      this.#detectionsOf(outputs, index, placement),
    )
    return { detections, inferredAtMs }
  }

  async runRaw(batch: PixelBatch): Promise<readonly HeadOutput[]> {
    const { outputs } = await this.#runSession(batch)
    return outputs.map(({ dims, data }) => ({ dims: [...dims], data: data.slice() }))
  }

  async #runSession(batch: PixelBatch) {
    const { pixels, count, width, height } = batch
    const { batchMax } = this.card.prepared
    assert(pixels.length === count * width * height * 3, 'a batch holds count * w * h * 3 bytes')
    assert(batchMax === null || count <= batchMax, 'no batch is larger than the file takes')
    assert(!this.#isRunning, 'one run at a time')
    this.#isRunning = true
    try {
      const feeds = { pixels: new ort.Tensor('uint8', pixels, [count, height, width, 3]) }
      const standing = this.#memory.of(batch)
      if (standing === null) {
        const found = await this.#session.run(feeds, this.#outputNames)
        const inferredAtMs = this.#clock.nowMs()
        return { outputs: this.#memory.learn(batch, found), inferredAtMs }
      }
      await this.#session.run(feeds, standing.tensors)
      return { outputs: standing.outputs, inferredAtMs: this.#clock.nowMs() }
    } finally {
      this.#isRunning = false
    }
  }

  #detectionsOf(outputs: readonly HeadOutput[], index: number, placement: Placement): Float32Array {
    const padded = { width: placement.paddedWidth, height: placement.paddedHeight }
    this.#candidates.clear()
    this.#head.decode(outputs, index, padded, this.#candidates)
    const kept = suppress(this.#candidates, this.card.thresholds)
    return toShares(this.#candidates, kept, placement)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isReleased) return
    this.#isReleased = true
    await this.#session.release()
  }
}

async function openSession(
  bytes: Uint8Array,
  options: OpenModelOptions,
): Promise<OpenedSession<ort.InferenceSession>> {
  // Else a provider that is missing is an error in red on stderr before the next one is tried.
  ort.env.logLevel = 'fatal'
  try {
    return await openOnFirstProvider(options.executionProviders, (executionProvider) =>
      ort.InferenceSession.create(bytes, {
        executionProviders: [providerOption(executionProvider, options.deviceId ?? 0)],
        intraOpNumThreads: options.intraOpThreads,
        interOpNumThreads: 1,
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        logSeverityLevel: 4,
        // Threads that spin while they wait doubled the cost on a busy machine.
        extra: { session: { intra_op: { allow_spinning: '0' } } },
      }),
    )
  } catch (cause) {
    if (cause instanceof ModelError) throw cause
    const sentence = `onnxruntime cannot read ${options.modelPath}: ${messageOf(cause)}`
    throw new ModelError('model_invalid', sentence, { cause })
  }
}

/** Names of the outputs that the head reads, where input and outputs are what prologue and head take. */
function checkedOutputs(
  session: ort.InferenceSession,
  head: Head,
  path: string,
): readonly string[] {
  const [input] = session.inputMetadata
  const takesPixels = input?.isTensor && input.name === 'pixels' && input.type === 'uint8'
  if (!takesPixels || session.inputNames.length !== 1)
    throw new ModelError(
      'model_invalid',
      `model file ${path} takes no “pixels” (uint8 [N, h, w, 3]); was it prepared?`,
    )
  const outputs = session.outputMetadata.map((output) => {
    if (!output.isTensor || output.type !== 'float32')
      throw new ModelError('model_invalid', `output “${output.name}” of ${path} is no float32`)
    const dims = output.shape.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : null))
    return { name: output.name, dims }
  })
  const binding = head.bind(outputs)
  if (binding.kind === 'bound') return binding.names
  throw new ModelError('model_invalid', `model file ${path}: ${binding.sentence}`)
}
