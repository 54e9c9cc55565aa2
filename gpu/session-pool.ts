import { assert } from '#std/assert.ts'
import { withTimeout, type Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import type { InferenceBoot, RanMessage, ReadyMessage, RunMessage } from './inference-messages.ts'
import type { StartInferenceThread } from './inference-thread.ts'
import { RestartBudget } from './restart-budget.ts'
import type { SessionCount, Throughput } from './session-count.ts'
import { fixedSizing, type Sizing } from './session-sizing.ts'
import { SupervisedSession } from './supervised-session.ts'

export interface SessionPoolOptions<J> {
  /** So many on the boot's device, or what is found out. */
  readonly sessions: number | Sizing
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
  readonly #sizing: Sizing
  readonly #budget = new RestartBudget()
  readonly #sessions: SupervisedSession<J>[] = []
  /** Those that are not needed after all, on their way out. */
  readonly #surplus: Promise<void>[] = []
  readonly #memories = new Map<number, SharedArrayBuffer>()
  #memoryId = 0
  #idle: PromiseWithResolvers<void> | null = null
  #count: SessionCount = { sessions: 0, reason: 'the model is being loaded' }

  constructor(options: SessionPoolOptions<J>) {
    const { sessions, boot } = options
    this.#options = options
    this.#sizing = typeof sessions === 'number' ? fixedSizing(sessions, boot.deviceId) : sessions
    this.#resize(this.#sizing.initial)
  }

  /** Resolves when all that are to be serve; rejects with the InferenceError of the first that cannot. */
  async opened(): Promise<void> {
    this.#count = await this.#sizing.settle({
      resize: (sessions) => this.#resize(sessions),
      opened: () => this.#allOpened(),
      rehearse: (sessions, forMs) => this.#rehearse(sessions, forMs),
    })
  }

  /** How many there are, and why. */
  get count(): SessionCount {
    return this.#count
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
    const leaving = this.#sessions.map((session) => session[Symbol.asyncDispose]())
    await Promise.all([...leaving, ...this.#surplus])
  }

  #resize(sessions: number): void {
    assert(sessions >= 1, 'a pool has a session')
    while (this.#sessions.length < sessions) this.#sessions.push(this.#start())
    for (const session of this.#sessions.splice(sessions))
      this.#surplus.push(session[Symbol.asyncDispose]())
  }

  #start(): SupervisedSession<J> {
    const { devices } = this.#sizing
    const deviceId = devices[this.#sessions.length % devices.length]
    assert(deviceId !== undefined, 'there is a device')
    const options = this.#options
    return new SupervisedSession<J>({
      ...options,
      boot: { ...options.boot, deviceId },
      budget: this.#budget,
      memories: this.#memories,
      onRan: (job, ran) => {
        options.onRan(job, ran)
        this.#noteIdle()
      },
      onLost: (job) => {
        options.onLost(job)
        this.#noteIdle()
      },
    })
  }

  async #allOpened(): Promise<ReadyMessage> {
    const [ready] = await Promise.all(this.#sessions.map((session) => session.opened))
    assert(ready !== undefined, 'a pool has a session')
    return ready
  }

  async #rehearse(sessions: number, forMs: number): Promise<Throughput | null> {
    const rehearsing = this.#sessions.slice(0, sessions)
    if (!rehearsing.every(({ isFree }) => isFree)) return null
    const rehearsed = await Promise.all(rehearsing.map((session) => session.rehearse(forMs)))
    let perCpuSecond = 0
    for (const one of rehearsed) {
      if (one === null || one.cpuMs <= 0) return null
      perCpuSecond += (1000 * one.runs) / one.cpuMs
    }
    return { sessions, perCpuSecond }
  }

  #noteIdle(): void {
    if (!this.#sessions.some(({ isBusy }) => isBusy)) this.#idle?.resolve()
  }
}
