import { assert } from '#std/assert.ts'
import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { InferenceError } from './inference-error.ts'
import type { FromWorker, InferenceBoot, RunMessage, ToWorker } from './inference-messages.ts'
import { inputGeometry } from './letterbox.ts'
import type { ModelInput } from './model-card.ts'
import type { Model, OpenModelOptions, PixelBatch } from './model.ts'
import { ModelError } from './model-error.ts'
import type { SelfTestResult } from './self-test.ts'
import { packYuv420p, yuv420pBytes } from './yuv420p.ts'

/** The thread's end of the wire. */
export interface InferencePort {
  post(message: FromWorker, transfer: readonly ArrayBuffer[]): void
  onMessage(listener: (message: ToWorker) => void): void
  /** Nothing is posted or heard after it; the thread ends when it has nothing else to do. */
  close(): void
}

export interface InferenceParts {
  readonly openModel: (options: OpenModelOptions) => Promise<Model>
  readonly runSelfTest: (
    model: Model,
    options: { readonly photoPath: string; readonly ffmpegPath: string },
  ) => Promise<SelfTestResult>
  readonly clock: Clock
  /** CPU time of this thread since some instant. */
  readonly cpuMs: () => number
  readonly notes: readonly string[]
}

/** Most cameras are 16:9; other shapes start from a guess by their share of its pixels. */
const calibrationSource = { width: 1920, height: 1080 }
/** The first run of a shape allocates and, on a GPU, picks kernels: it is not counted. */
const warmUpRuns = 1
const countedRuns = 3
const greyLevel = 114

/** A worker's whole life: load, warm up, test, serve batches one at a time, leave when told. Never throws. */
export async function serveInference(
  port: InferencePort,
  boot: InferenceBoot,
  parts: InferenceParts,
): Promise<void> {
  const server = new InferenceServer(port, parts)
  try {
    const model = await parts.openModel({ ...boot, clock: parts.clock })
    server.model = model
    port.post({ kind: 'loaded' }, [])
    const wanted = boot.batchMax === 'auto' ? autoBatchMax(model.executionProvider) : boot.batchMax
    const batchMax = Math.min(wanted, model.card.prepared.batchMax ?? wanted)
    const calibration = await calibrate(model, batchMax, parts.clock)
    const test = await parts.runSelfTest(model, boot)
    if (!test.passed) throw new InferenceError('self_test_failed', test.sentence)
    const { card, executionProvider, passedOver } = model
    const { notes } = parts
    port.post(
      { kind: 'ready', card, executionProvider, passedOver, batchMax, calibration, notes },
      [],
    )
  } catch (error) {
    const isCoded = error instanceof ModelError || error instanceof InferenceError
    const code = isCoded ? error.code : 'start_failed'
    port.post({ kind: 'refused', code, message: messageOf(error) }, [])
    server.leave()
  }
  server.started()
  await server.served
}

class InferenceServer {
  /** Resolves when the thread has nothing left to do. */
  readonly served: Promise<void>
  model: Model | null = null
  readonly #port: InferencePort
  readonly #parts: InferenceParts
  readonly #memories = new Map<number, Uint8Array>()
  readonly #left = Promise.withResolvers<void>()
  readonly #started = Promise.withResolvers<void>()
  #pixels = new Uint8ClampedArray()
  #running: Promise<void> = Promise.resolve()

  constructor(port: InferencePort, parts: InferenceParts) {
    this.#port = port
    this.#parts = parts
    // Not before the start has come to its end: a model that is being opened must be released too.
    this.served = Promise.all([this.#left.promise, this.#started.promise]).then(() => this.#end())
    port.onMessage((message) => this.#onMessage(message))
  }

  leave(): void {
    this.#left.resolve()
  }

  started(): void {
    this.#started.resolve()
  }

  #onMessage(message: ToWorker): void {
    switch (message.kind) {
      case 'memory':
        this.#memories.set(message.memoryId, new Uint8Array(message.memory))
        return
      case 'forget':
        this.#memories.delete(message.memoryId)
        return
      case 'run':
        this.#running = this.#unlessBroken(() => this.#run(message))
        return
      case 'rehearse':
        this.#running = this.#unlessBroken(() => this.#rehearse(message.forMs))
        return
      case 'leave':
        this.leave()
    }
  }

  async #unlessBroken(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#port.post({ kind: 'broken', message: messageOf(error) }, [])
      this.leave()
    }
  }

  async #run(message: RunMessage): Promise<void> {
    assert(this.model !== null, 'batches come after ready')
    const { width, height } = message
    const count = message.byteOffsets.length
    const pixels = this.#collect(message, this.model.card.input)
    const result = await this.model.run({ pixels, count, width, height })
    this.#answer(message.batchId, result)
  }

  async #rehearse(forMs: number): Promise<void> {
    assert(this.model !== null, 'rehearsals come after ready')
    const { clock, cpuMs } = this.#parts
    const batch = greyBatch(this.model, 1)
    const endAtMs = clock.nowMs() + forMs
    const startCpuMs = cpuMs()
    let runs = 0
    for (; runs === 0 || clock.nowMs() < endAtMs; runs++) await this.model.run(batch)
    this.#port.post({ kind: 'rehearsed', runs, cpuMs: cpuMs() - startCpuMs }, [])
  }

  /** Packs the frames' slots into one piece of memory, as the network's prologue takes them. */
  #collect(message: RunMessage, { colourOrder }: Pick<ModelInput, 'colourOrder'>): Uint8Array {
    const { width, height, memoryIds, byteOffsets } = message
    const slotBytes = yuv420pBytes({ width, height })
    const frameBytes = width * height * 3
    const bytes = frameBytes * byteOffsets.length
    if (this.#pixels.length < bytes) this.#pixels = new Uint8ClampedArray(bytes)
    for (const [index, byteOffset] of byteOffsets.entries()) {
      const memory = this.#memories.get(memoryIds[index] ?? -1)
      assert(memory !== undefined, 'a frame lies in a memory that was announced')
      const source = memory.subarray(byteOffset, byteOffset + slotBytes)
      assert(source.length === slotBytes, 'a frame lies inside its memory')
      const target = this.#pixels.subarray(index * frameBytes, (index + 1) * frameBytes)
      packYuv420p({ source, target, width, height, colourOrder })
    }
    return new Uint8Array(this.#pixels.buffer, 0, bytes)
  }

  #answer(
    batchId: number,
    result: { readonly detections: readonly Float32Array[]; readonly inferredAtMs: number },
  ): void {
    const counts = result.detections.map((picture) => picture.length / 6)
    const detections = new Float32Array(6 * counts.reduce((sum, count) => sum + count, 0))
    let at = 0
    for (const picture of result.detections) {
      detections.set(picture, at)
      at += picture.length
    }
    const { inferredAtMs } = result
    const answer = { kind: 'ran', batchId, counts, detections, inferredAtMs } as const
    this.#port.post(answer, [detections.buffer])
  }

  async #end(): Promise<void> {
    await this.#running
    try {
      await this.model?.[Symbol.asyncDispose]()
    } catch (error) {
      this.#port.post({ kind: 'broken', message: messageOf(error) }, [])
    }
    this.#port.close()
  }
}

/** Batches gain nothing on a CPU: 16.2 ms an image alone, 16.9 in a batch of eight. A GPU's figure is a guess, untested on hardware. */
function autoBatchMax(executionProvider: string): number {
  return executionProvider === 'cpu' ? 1 : 32
}

async function calibrate(model: Model, batchMax: number, clock: Clock) {
  const { width, height } = inputGeometry(model.card, calibrationSource)
  const samples: { batchSize: number; ms: number }[] = []
  for (const batchSize of batchSizes(batchMax)) {
    const batch = greyBatch(model, batchSize)
    for (let run = 0; run < warmUpRuns + countedRuns; run++) {
      const startedAtMs = clock.nowMs()
      await model.run(batch)
      const ms = clock.nowMs() - startedAtMs
      if (run >= warmUpRuns) samples.push({ batchSize, ms })
    }
  }
  return { width, height, samples }
}

function greyBatch({ card }: Model, count: number): PixelBatch {
  const { width, height } = inputGeometry(card, calibrationSource)
  const pixels = new Uint8Array(count * width * height * 3).fill(greyLevel)
  return { pixels, count, width, height }
}

/** 1, 2, 4 .. and the largest. */
function batchSizes(batchMax: number): number[] {
  const sizes: number[] = []
  for (let size = 1; size < batchMax; size *= 2) sizes.push(size)
  return [...sizes, batchMax]
}
