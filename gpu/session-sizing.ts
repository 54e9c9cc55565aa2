import { assert } from '#std/assert.ts'
import type { Log } from '#std/log.ts'
import type { ReadyMessage } from './inference-messages.ts'
import {
  type CoreBudget,
  decideSessionCount,
  type SessionCount,
  sessionsToTry,
  sessionSteps,
  type Throughput,
} from './session-count.ts'

/** What sizing does with the sessions. */
export interface SizedPool {
  /** Starts sessions, or asks the last ones to leave. */
  resize(sessions: number): void
  /** Resolves when all that were asked for serve; rejects with InferenceError. */
  opened(): Promise<ReadyMessage>
  /** The first so many run for so long, all at once; null when one of them was lost. */
  rehearse(sessions: number, forMs: number): Promise<Throughput | null>
}

export interface SessionSizingOptions {
  /** Ordinals of the GPUs to use. */
  readonly devices: readonly number[]
  /** Sessions a device; `auto`: one a GPU, and on the CPU what `budget` allows and a measurement shows to pay. */
  readonly sessions: number | 'auto'
  /** Whether some provider of the list might load on a GPU; else nothing is waited for to find out. */
  readonly mayUseGpu: boolean
  /** For `auto` on the CPU; never rejects. */
  readonly budget: Promise<CoreBudget>
  readonly log: Log
}

export type Sizing = Pick<SessionSizing, 'devices' | 'initial' | 'settle'>

/** All that measuring may add to a start. A model too slow for two runs a step in it is not measured. */
const measureMs = 150
const runsAStep = 2

/**
 * How many sessions there are to be. One object for the life of a server: what the CPU was worth at its start holds for
 * the models that come later, beside one that serves and would spoil the measurement.
 */
export class SessionSizing {
  readonly devices: readonly number[]
  readonly #options: SessionSizingOptions
  #onCpu: SessionCount | null = null

  constructor(options: SessionSizingOptions) {
    assert(options.devices.length > 0, 'there is a device')
    this.devices = options.devices
    this.#options = options
  }

  /** How many to start before anything is known. */
  get initial(): number {
    const { sessions, mayUseGpu } = this.#options
    const each = sessions === 'auto' ? 1 : sessions
    return mayUseGpu ? each * this.devices.length : each
  }

  /** Brings a pool with `initial` sessions to its size; all serve when it resolves. */
  async settle(pool: SizedPool): Promise<SessionCount> {
    const { sessions, mayUseGpu, log } = this.#options
    if (mayUseGpu) {
      const { executionProvider } = await pool.opened()
      if (executionProvider !== 'cpu')
        return sessions === 'auto'
          ? { sessions: this.initial, reason: 'one a GPU' }
          : { sessions: this.initial, reason: 'as configured for each GPU' }
    }
    if (this.devices.length > 1)
      log.warn('several GPUs are configured, and only the CPU serves', {
        devices: this.devices.join(', '),
      })
    if (sessions === 'auto') {
      this.#onCpu ??= await this.#measured(pool)
      pool.resize(this.#onCpu.sessions)
      await pool.opened()
      return this.#onCpu
    }
    pool.resize(sessions)
    await pool.opened()
    return { sessions, reason: 'as configured' }
  }

  async #measured(pool: SizedPool): Promise<SessionCount> {
    // The first one loads while decoding is measured, and may fail to.
    const opening = pool.opened()
    const budget = await Promise.race([
      this.#options.budget,
      opening.then(() => this.#options.budget),
    ])
    const sessions = sessionsToTry(budget)
    pool.resize(sessions)
    const ready = await pool.opened()
    const steps = sessions === 1 ? [] : sessionSteps(sessions)
    const count = decideSessionCount(budget, await measure(pool, steps, ready))
    this.#options.log.info('sessions on the CPU', { ...count })
    return count
  }
}

async function measure(
  pool: SizedPool,
  steps: readonly number[],
  { calibration }: ReadyMessage,
): Promise<readonly Throughput[]> {
  const forMs = measureMs / steps.length
  // The fastest: the others may have waited for a core.
  const runMs = Math.min(
    ...calibration.samples.filter(({ batchSize }) => batchSize === 1).map(({ ms }) => ms),
  )
  if (runMs * runsAStep > forMs) return []
  const measured: Throughput[] = []
  for (const sessions of steps) {
    const throughput = await pool.rehearse(sessions, forMs)
    if (throughput === null) return []
    measured.push(throughput)
  }
  return measured
}

/** So many, on one device, whatever loads. */
export function fixedSizing(sessions: number, deviceId: number): Sizing {
  return {
    devices: [deviceId],
    initial: sessions,
    async settle(pool) {
      await pool.opened()
      return { sessions, reason: 'as configured' }
    },
  }
}
