import type { CameraState, SourceCode } from '#protocol/camera-state.ts'
import { type Clock, sleep } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { LossCounter } from '#std/loss-counter.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import { FrameRate } from './frame-rate.ts'
import { firstPatienceMs, planRetry } from './retry-rule.ts'
import { type OpenSource, type Source, SourceError } from './source.ts'
import type { StampedUnit } from './stamped-unit.ts'
import { UnitStamper } from './unit-stamper.ts'

/** What a camera's source is doing. */
export interface SourceState {
  readonly state: Extract<CameraState, 'connecting' | 'live' | 'stalled' | 'refused'>
  readonly code: SourceCode | null
  /** A sentence for a person, without secrets; null while live. */
  readonly reason: string | null
  /** Connections that brought video, from 1. */
  readonly epoch: number
  /** How often it came back. */
  readonly reconnects: number
}

export interface SupervisorListener {
  onUnit(stamped: StampedUnit): void
  /** On each change. */
  onState(state: SourceState): void
  /** The connection is gone: what was under way will not be completed. */
  onEpochEnd(error: SourceError): void
}

export interface SupervisorOptions {
  readonly open: OpenSource
  readonly listener: SupervisorListener
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
}

/** Keeps a camera's source open. Disposing ends it and resolves when its connection is closed. */
export interface SourceSupervisor extends AsyncDisposable {
  status(): SourceState
  /** Over the last two seconds. */
  readonly measuredFps: number
}

/** Silence of a live camera before it is called stalled: this, or three frame intervals of a slow one. */
const stallMsMin = 1000
/** A connection that stays silent for so much longer is closed and opened anew. */
const silentMsMore = 3000
/** A camera that agreed to play and sends nothing. */
const firstUnitMsMax = 5000
const watchPeriodMs = 250

export function superviseSource(options: SupervisorOptions): SourceSupervisor {
  return new Supervisor(options)
}

class Supervisor implements SourceSupervisor {
  readonly #options: SupervisorOptions
  readonly #stamper: UnitStamper
  readonly #rate = new FrameRate()
  readonly #losses: LossCounter
  readonly #abort = new AbortController()
  readonly #running: Promise<void>
  #state: SourceState = {
    state: 'connecting',
    code: null,
    reason: 'Waiting for the first picture.',
    epoch: 0,
    reconnects: 0,
  }
  #lastLiveAtMs: number | null = null
  #lastUnitAtMs = 0
  /** Smoothed; what "three frame intervals" are measured with. */
  #intervalMs = 0
  #hasUnits = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#stamper = new UnitStamper(options.clock)
    this.#losses = new LossCounter(options.clock, (count, example) =>
      options.log.warn('packets lost on the way', { events: count, example }),
    )
    this.#running = this.#run()
  }

  status(): SourceState {
    return this.#state
  }

  get measuredFps(): number {
    return this.#rate.fps(this.#options.clock.nowMs())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    await this.#running
    this.#losses[Symbol.dispose]()
  }

  async #run(): Promise<void> {
    const { clock, random, listener } = this.#options
    const { signal } = this.#abort
    let failures = 0
    let connectPatienceMs = firstPatienceMs
    while (!signal.aborted) {
      const startedAtMs = clock.nowMs()
      const error = await this.#session(connectPatienceMs)
      if (this.#hasUnits) {
        failures = 0
        listener.onEpochEnd(error)
      }
      if (signal.aborted) break
      const nowMs = clock.nowMs()
      const plan = planRetry({
        error,
        lastLiveAtMs: this.#lastLiveAtMs,
        failures: ++failures,
        nowMs,
        random: random(),
      })
      connectPatienceMs = plan.connectPatienceMs
      this.#tell(plan.isRefused ? 'refused' : 'connecting', error)
      // A connection that lived has waited long enough; a try counts its own time.
      await sleep(clock, Math.max(0, plan.delayMs - (nowMs - startedAtMs)), signal)
    }
  }

  /** One connection, from the first byte to its end: why it ended. */
  async #session(connectPatienceMs: number): Promise<SourceError> {
    const { signal } = this.#abort
    this.#hasUnits = false
    this.#stamper.beginEpoch()
    this.#rate.reset()
    this.#intervalMs = 0
    try {
      await using source = await this.#options.open(
        {
          onAccessUnit: (unit) => this.#onUnit(unit),
          onSenderReport: (report) => this.#stamper.senderReport(report),
          onPacketsLost: (count) => this.#losses.add(`${count} packets`),
        },
        { signal, connectPatienceMs },
      )
      return await this.#watch(source)
    } catch (error) {
      if (error instanceof SourceError) return error
      throw error
    }
  }

  /** Until the source ends by itself, is silent for too long, or is not wanted any more. */
  #watch(source: Source): Promise<SourceError> {
    const { clock } = this.#options
    const { signal } = this.#abort
    const openedAtMs = clock.nowMs()
    return new Promise((resolve) => {
      const timer = clock.every(watchPeriodMs, () => {
        const error = this.#silence(clock.nowMs(), openedAtMs)
        if (error !== null) finish(error)
      })
      const onAbort = (): void => finish(new SourceError('ended', 'Closed.'))
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
      void source.ended.then(finish)

      function finish(error: SourceError): void {
        timer[Symbol.dispose]()
        signal.removeEventListener('abort', onAbort)
        resolve(error)
      }
    })
  }

  /** Why the connection is to be given up; tells `stalled` on the way. */
  #silence(nowMs: number, openedAtMs: number): SourceError | null {
    if (!this.#hasUnits)
      return nowMs - openedAtMs > firstUnitMsMax
        ? silent('The camera agreed to play and sends nothing.')
        : null
    const silentMs = nowMs - this.#lastUnitAtMs
    const stallMs = Math.max(stallMsMin, 3 * this.#intervalMs)
    if (silentMs <= stallMs) return null
    if (this.#state.state === 'live')
      this.#tell('stalled', silent('The camera is connected and sends nothing.'))
    if (silentMs <= stallMs + silentMsMore) return null
    return silent('The connection stood, and nothing came through it.')
  }

  #onUnit(unit: AccessUnit): void {
    if (this.#abort.signal.aborted) return
    if (this.#hasUnits) {
      const intervalMs = unit.arrivedAtMs - this.#lastUnitAtMs
      this.#intervalMs += (intervalMs - this.#intervalMs) * (this.#intervalMs === 0 ? 1 : 0.1)
    }
    this.#hasUnits = true
    this.#lastUnitAtMs = unit.arrivedAtMs
    this.#lastLiveAtMs = unit.arrivedAtMs
    this.#rate.add(unit.arrivedAtMs)
    const stamped = this.#stamper.stamp(unit)
    if (this.#state.state !== 'live') this.#tell('live', null)
    this.#options.listener.onUnit(stamped)
  }

  #tell(state: SourceState['state'], error: SourceError | null): void {
    const { epoch } = this.#stamper
    const next: SourceState = {
      state,
      code: error?.code ?? null,
      reason: error?.message ?? null,
      epoch,
      reconnects: Math.max(0, epoch - 1),
    }
    const last = this.#state
    const isSame = last.state === state && last.code === next.code && last.reason === next.reason
    this.#state = next
    if (isSame && last.epoch === epoch) return
    const { log, listener } = this.#options
    if (state === 'live') log.info('live', { epoch })
    else log.warn(`${state}: ${next.reason ?? ''}`, { code: next.code })
    listener.onState(next)
  }
}

function silent(sentence: string): SourceError {
  return new SourceError('no_data', sentence, { retryable: true })
}
