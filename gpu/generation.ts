import { assert } from '#std/assert.ts'
import type { Batch } from './batch.ts'
import type { ModelIdentity } from './detector.ts'
import type { RanMessage, ReadyMessage, RunMessage } from './inference-messages.ts'
import type { ModelCard } from './model-card.ts'
import type { Offer } from './serving-stream.ts'
import { SessionPool, type SessionPoolOptions } from './session-pool.ts'

/** Who gives a generation its batches. */
export interface GenerationHost {
  /** A session serves, for the first time or again. */
  onReady(ready: ReadyMessage): void
  onRan(batch: Batch<Offer>, ran: RanMessage, by: Generation): void
  onLost(batch: Batch<Offer>, by: Generation): void
}

export type GenerationOptions = Omit<
  SessionPoolOptions<Batch<Offer>>,
  'onReady' | 'onRan' | 'onLost'
>

/**
 * One model in its sessions, from loading to its last batch. While models change, two of them live side by side; a
 * worker that is lost starts again with the model of its own generation.
 */
export class Generation implements AsyncDisposable {
  readonly #pool: SessionPool<Batch<Offer>>
  /** By stream: under which number its memory was announced. */
  readonly #memoryIds = new Map<number, number>()
  /** Of the sessions that became ready before anyone gave batches. */
  readonly #readies: ReadyMessage[] = []
  readonly #drained = Promise.withResolvers<void>()
  #host: GenerationHost | null = null
  #model: ModelIdentity | null = null
  #newest: ReadyMessage | null = null
  #running = 0
  #isRetiring = false
  #disposing: Promise<void> | null = null

  constructor(options: GenerationOptions) {
    this.#pool = new SessionPool<Batch<Offer>>({
      ...options,
      onReady: (ready) => this.#onReady(ready),
      onRan: (batch, ran) => {
        this.#host?.onRan(batch, ran, this)
        this.#ended()
      },
      onLost: (batch) => {
        this.#host?.onLost(batch, this)
        this.#ended()
      },
    })
  }

  /** Resolves when all sessions serve; rejects with InferenceError. */
  async opened(): Promise<void> {
    await this.#pool.opened()
  }

  /** The model is in every worker's memory; what follows is warm-up and self-test. */
  get hasLoaded(): boolean {
    return this.#pool.hasLoaded
  }

  get card(): ModelCard {
    return this.ready.card
  }

  get model(): ModelIdentity {
    assert(this.#model !== null, 'a model has a name once it is ready')
    return this.#model
  }

  /** What its newest worker said of itself. */
  get ready(): ReadyMessage {
    assert(this.#newest !== null, 'the model serves before anyone asks about it')
    return this.#newest
  }

  get pool(): Pick<
    SessionPool<Batch<Offer>>,
    | 'count'
    | 'freeCount'
    | 'isHopeful'
    | 'isReady'
    | 'reason'
    | 'restarts'
    | 'utilization'
    | 'stats'
  > {
    return this.#pool
  }

  /** From now on `host` gives it batches, and hears of every session, those that are ready already first. */
  attach(host: GenerationHost): void {
    this.#host = host
    for (const ready of this.#readies.splice(0)) host.onReady(ready)
  }

  announce(stream: number, memory: SharedArrayBuffer): void {
    this.#memoryIds.set(stream, this.#pool.announce(memory))
  }

  forget(stream: number): void {
    const memoryId = this.#memoryIds.get(stream)
    if (memoryId === undefined) return
    this.#memoryIds.delete(stream)
    this.#pool.forget(memoryId)
  }

  /** To a session that is free. `highMs`: L95 of such a batch. */
  run(batch: Batch<Offer>, highMs: number): void {
    const [first] = batch.frames
    assert(first !== undefined && !this.#isRetiring, 'a batch has a frame and a serving model')
    const message: Omit<RunMessage, 'kind' | 'batchId'> = {
      width: first.width,
      height: first.height,
      memoryIds: batch.frames.map(({ stream }) => this.#memoryIdOf(stream)),
      byteOffsets: batch.frames.map(({ byteOffset }) => byteOffset),
    }
    this.#running++
    this.#pool.run(batch, message, highMs)
  }

  /** Nothing new is dispatched to it: what runs comes to its end, however long that takes, then the workers leave. */
  async retire(): Promise<void> {
    this.#isRetiring = true
    if (this.#running > 0) await this.#drained.promise
    await this[Symbol.asyncDispose]()
  }

  /** What runs has a moment to end, then the workers leave. */
  [Symbol.asyncDispose](): Promise<void> {
    // A batch that did not end until then never will.
    this.#disposing ??= this.#pool[Symbol.asyncDispose]().then(() => this.#drained.resolve())
    return this.#disposing
  }

  #onReady(ready: ReadyMessage): void {
    const { card } = ready
    this.#newest = ready
    this.#model ??= { name: card.name, sha256: card.prepared.sha256, classes: card.classes }
    if (this.#host === null) this.#readies.push(ready)
    else this.#host.onReady(ready)
  }

  #ended(): void {
    this.#running--
    if (this.#running === 0 && this.#isRetiring) this.#drained.resolve()
  }

  #memoryIdOf(stream: number): number {
    const memoryId = this.#memoryIds.get(stream)
    assert(memoryId !== undefined, 'the memory of a stream is announced before its frames')
    return memoryId
  }
}
