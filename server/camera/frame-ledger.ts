import { assert } from '#std/assert.ts'

/** The ways a received access unit can end, in the words of the glossary. */
export const outcomes = ['detected', 'superseded', 'late', 'paced', 'damaged', 'failed'] as const
export type Outcome = (typeof outcomes)[number]
export type OutcomeCounts = Record<Outcome, number>

/**
 * Counts one camera's access units: received = detected + superseded + late + paced + damaged + failed + in flight,
 * at any instant. `inFlight` is counted on its own, not derived, so that a unit which ends twice or never shows.
 */
export class FrameLedger {
  readonly #counts = emptyCounts()
  /** As of the last published result. */
  #told = emptyCounts()
  #received = 0
  #inFlight = 0

  received(): void {
    this.#received++
    this.#inFlight++
  }

  settled(outcome: Outcome): void {
    assert(this.#inFlight > 0, `a unit ended as ${outcome} that was never received, or twice`)
    this.#inFlight--
    this.#counts[outcome]++
  }

  counts(): OutcomeCounts & { readonly received: number; readonly inFlight: number } {
    return { received: this.#received, inFlight: this.#inFlight, ...this.#counts }
  }

  /** What was lost since this was asked last: the `missed` of a detections message. */
  takeMissed(): Omit<OutcomeCounts, 'detected'> {
    const { detected: _, ...now } = this.#counts
    const missed = {
      superseded: now.superseded - this.#told.superseded,
      late: now.late - this.#told.late,
      paced: now.paced - this.#told.paced,
      damaged: now.damaged - this.#told.damaged,
      failed: now.failed - this.#told.failed,
    }
    this.#told = { ...this.#counts }
    return missed
  }
}

function emptyCounts(): OutcomeCounts {
  return { detected: 0, superseded: 0, late: 0, paced: 0, damaged: 0, failed: 0 }
}
