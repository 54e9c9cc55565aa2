import * as ort from 'onnxruntime-node'
import { assert } from '#std/assert.ts'
import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { Candidates, candidateValues } from './candidates.ts'
import {
  openOnFirstProvider,
  type OpenedSession,
  type PassedOver,
  providerOption,
} from './execution-provider.ts'
import type { Head } from './heads/head.ts'
import { headOfCard } from './heads/head-of-card.ts'
import { type Placement, placementOf } from './letterbox.ts'
import type { ModelCard } from './model-card.ts'
import { ModelError } from './model-error.ts'
import { readModelCard, readModelFile } from './model-files.ts'
import { suppress } from './nms.ts'

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

/** Rejects with a ModelError. */
export async function openModel(options: OpenModelOptions): Promise<Model> {
  const card = await readModelCard(options.cardPath)
  const bytes = await readModelFile(options.modelPath, card)
  const opened = await openSession(bytes, options)
  const { session, executionProvider, passedOver } = opened
  const head = headOfCard(card)
  const outputName = checkedOutput(session, head, options.modelPath)
  const { clock } = options
  return new OnnxModel({ card, executionProvider, passedOver, session, outputName, head, clock })
}

/** Shapes and batch sizes in use at one time; the oldest memory goes, and is made again when it is needed. */
const outputsMax = 8

class OnnxModel implements Model {
  readonly card: ModelCard
  readonly executionProvider: string
  readonly passedOver: readonly PassedOver[]
  readonly #session: ort.InferenceSession
  readonly #outputName: string
  readonly #head: Head
  readonly #clock: Clock
  readonly #candidates = new Candidates()
  readonly #outputs = new Map<number, Float32Array>()
  #isRunning = false
  #isReleased = false

  constructor(parts: {
    readonly card: ModelCard
    readonly executionProvider: string
    readonly passedOver: readonly PassedOver[]
    readonly session: ort.InferenceSession
    readonly outputName: string
    readonly head: Head
    readonly clock: Clock
  }) {
    this.card = parts.card
    this.executionProvider = parts.executionProvider
    this.passedOver = parts.passedOver
    this.#session = parts.session
    this.#outputName = parts.outputName
    this.#head = parts.head
    this.#clock = parts.clock
  }

  async run(batch: PixelBatch): Promise<BatchResult> {
    const { pixels, count, width, height } = batch
    assert(pixels.length === count * width * height * 3, 'a batch holds count * w * h * 3 bytes')
    assert(!this.#isRunning, 'one run at a time')
    this.#isRunning = true
    try {
      const placement = placementOf(this.card.input, batch)
      const input = new ort.Tensor('uint8', pixels, [count, height, width, 3])
      const padded = { width: placement.paddedWidth, height: placement.paddedHeight }
      const dims = this.#head.outputDims(count, padded)
      const data = this.#outputFor(dims)
      const output = new ort.Tensor('float32', data, dims)
      await this.#session.run({ pixels: input }, { [this.#outputName]: output })
      const inferredAtMs = this.#clock.nowMs()
      const detections = Array.from({ length: count }, (_, index) =>
        this.#detectionsOf({ data, dims }, index, placement),
      )
      return { detections, inferredAtMs }
    } finally {
      this.#isRunning = false
    }
  }

  /** onnxruntime writes into memory that it is given: without, 0.7 MB of garbage a frame, 31 MB at its height. */
  #outputFor(dims: readonly number[]): Float32Array {
    const length = dims.reduce((product, dim) => product * dim, 1)
    const standing = this.#outputs.get(length)
    if (standing !== undefined) return standing
    const oldest = this.#outputs.keys().next()
    if (this.#outputs.size === outputsMax && !oldest.done) this.#outputs.delete(oldest.value)
    const output = new Float32Array(length)
    this.#outputs.set(length, output)
    return output
  }

  #detectionsOf(
    output: { readonly data: Float32Array; readonly dims: readonly number[] },
    index: number,
    placement: Placement,
  ): Float32Array {
    const padded = { width: placement.paddedWidth, height: placement.paddedHeight }
    this.#candidates.clear()
    this.#head.decode(output, index, padded, this.#candidates)
    const kept = suppress(this.#candidates, this.card.thresholds)
    return toShares(this.#candidates, kept, placement)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isReleased) return
    this.#isReleased = true
    await this.#session.release()
  }
}

/** Clipped to the picture; what lies in the padding alone is left out. */
function toShares(
  { values }: Candidates,
  kept: readonly number[],
  placement: Placement,
): Float32Array {
  const shares = new Float32Array(kept.length * candidateValues)
  let count = 0
  for (const index of kept) {
    const [classIndex = 0, score = 0, ...edges] = values.subarray(
      index * candidateValues,
      (index + 1) * candidateValues,
    )
    const [left = 0, top = 0, right = 0, bottom = 0] = edges
    const shareLeft = clip((left - placement.left) / placement.width)
    const shareTop = clip((top - placement.top) / placement.height)
    const shareWidth = clip((right - placement.left) / placement.width) - shareLeft
    const shareHeight = clip((bottom - placement.top) / placement.height) - shareTop
    if (shareWidth <= 0 || shareHeight <= 0) continue
    shares.set([classIndex, score, shareLeft, shareTop, shareWidth, shareHeight], count)
    count += candidateValues
  }
  return shares.subarray(0, count)
}

function clip(share: number): number {
  return Math.min(1, Math.max(0, share))
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

/** The name of the one output, where input and output are what prologue and head take. */
function checkedOutput(session: ort.InferenceSession, head: Head, path: string): string {
  const [input] = session.inputMetadata
  const [output] = session.outputMetadata
  const takesPixels = input?.isTensor && input.name === 'pixels' && input.type === 'uint8'
  if (!takesPixels || session.inputNames.length !== 1)
    throw new ModelError(
      'model_invalid',
      `model file ${path} takes no “pixels” (uint8 [N, h, w, 3]); was it prepared?`,
    )
  if (!output?.isTensor || output.type !== 'float32')
    throw new ModelError('model_invalid', `model file ${path} has no float32 output`)
  const refusal = head.refuse(output.shape.map((dim) => (typeof dim === 'number' ? dim : null)))
  if (refusal === null) return output.name
  throw new ModelError('model_invalid', `model file ${path}: ${refusal}`)
}
