import type { Undetected } from '../scheduling-policy.ts'
import type { SchedulableFrame } from '../stream-slot.ts'
import type { Scenario } from './scenario.ts'

/** The life of one frame. */
export interface SimulatedFrame extends SchedulableFrame {
  readonly camera: number
  readonly arrivedAtMs: number
  /** Null while it waits or runs. */
  outcome: Undetected | 'detected' | null
  /** When its result was delivered, or when it was given up. */
  endedAtMs: number
}

export interface SimulatedBatch {
  readonly startAtMs: number
  readonly ms: number
  readonly cameras: readonly number[]
  readonly isSpare: boolean
}

export interface Run {
  readonly scenario: Scenario
  /** In order of arrival. */
  readonly frames: readonly SimulatedFrame[]
  readonly batches: readonly SimulatedBatch[]
  /** The detect rate in force, second by second, camera by camera: NaN while it is away; empty where nothing sheds. */
  readonly ratesFps: readonly (readonly number[])[]
}
