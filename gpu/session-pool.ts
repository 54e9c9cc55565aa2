import { assert } from '#std/assert.ts'
import { withTimeout, type Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import type { InferenceBoot, RanMessage, ReadyMessage, RunMessage } from './inference-messages.ts'
import type { StartInferenceThread } from './inference-thread.ts'
import { RestartBudget } from './restart-budget.ts'
import { SupervisedSession } from './supervised-session.ts'

export interface SessionPoolOptions<J> {
  readonly sessions: number
  readonly start: StartInferenceThread
  readonly boot: InferenceBoot
  readonly clock: Clock
  readonly log: Log
  /** A session serves, at the start or again. */
  readonly onReady: (ready: ReadyMessage) => void
  readonly onRan: (job: J, ran: RanMessage) => void
  readonly onLost: (job: J) => void
}

/** A batch takes milliseconds to tens of them; the server has 4.5 s to end in all. */
const drainLimitMs = 1_000

/** k supervised sessions that take batches as they come free. */
export class SessionPool<J> implements AsyncDisposable {
  readonly #options: SessionPoolOptions<J>
  readonly #sessions: readonly SupervisedSession<J>[]
  readonly #memories = new Map<number, SharedArrayBuffer>()
  #memoryId = 0
  #idle: PromiseWithResolvers<void> | null = null

  constructor(options: SessionPoolOptions<J>) {
    assert(options.sessions >= 1, 'a pool has a session')
    this.#options = options
    const budget = new RestartBudget()
    this.#sessions = Array.from(
      { length: options.sessions },
      () =>
        new SupervisedSession<J>({
          ...options,
          budget,
          memories: this.#memories,
          onRan: (job, ran) => {
            options.onRan(job, ran)
            this.#noteIdle()
          },
          onLost: (job) => {
            options.onLost(job)
            this.#noteIdle()
          },
        }),
    )
  }

  /** Resolves when all serve; rejects with the InferenceError of the first that cannot. */
  async opened(): Promise<ReadyMessage> {
    const [ready] = await Promise.all(this.#sessions.map((session) => session.opened))
    assert(ready !== undefined, 'a pool has a session')
    return ready
  }

  get freeCount(): number {
    let count = 0
    for (const session of this.#sessions) if (session.isFree) count++
    return count
  }

  /** Some session serves or is being started: what waits has a chance. */
  get isHopeful(): boolean {
    return this.#sessions.some((session) => session.isHopeful)
  }

  /** The model is in every worker's memory. */
  get hasLoaded(): boolean {
    return this.#sessions.every((session) => session.hasLoaded)
  }

  get isReady(): boolean {
    return this.#sessions.some((session) => session.isReady)
  }

  /** One sentence while none serves. */
  get reason(): string | null {
    return this.isReady ? null : (this.#sessions[0]?.reason ?? null)
  }

  get restarts(): number {
    return this.#sessions.reduce((sum, session) => sum + session.restarts, 0)
  }

  /** 0..1 over all sessions, of the last seconds. */
  utilization(): number {
    const nowMs = this.#options.clock.nowMs()
    const sum = this.#sessions.reduce((total, { meter }) => total + meter.share(nowMs), 0)
    return sum / this.#sessions.length
  }

  stats(): readonly { readonly busyMs: number; readonly batches: number }[] {
    const nowMs = this.#options.clock.nowMs()
    return this.#sessions.map(({ meter, batches }) => ({ busyMs: meter.totalMs(nowMs), batches }))
  }

  /** Announces a stream's memory to all workers, those to come too; returns its number for `run`. */
  announce(memory: SharedArrayBuffer): number {
    const memoryId = ++this.#memoryId
    this.#memories.set(memoryId, memory)
    for (const session of this.#sessions) session.announce(memoryId, memory)
    return memoryId
  }

  forget(memoryId: number): void {
    this.#memories.delete(memoryId)
    for (const session of this.#sessions) session.forget(memoryId)
  }

  run(job: J, message: Omit<RunMessage, 'kind' | 'batchId'>, highMs: number): void {
    const session = this.#sessions.find(({ isFree }) => isFree)
    assert(session !== undefined, 'a batch is dispatched to a free session')
    session.run(job, message, highMs)
  }

  /** Lets what runs come to its end, within limits, then the workers leave. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#sessions.some(({ isBusy }) => isBusy)) {
      this.#idle = Promise.withResolvers<void>()
      await withTimeout(this.#options.clock, this.#idle.promise, drainLimitMs, () => {})
    }
    await Promise.all(this.#sessions.map((session) => session[Symbol.asyncDispose]()))
  }

  #noteIdle(): void {
    if (!this.#sessions.some(({ isBusy }) => isBusy)) this.#idle?.resolve()
  }
}
