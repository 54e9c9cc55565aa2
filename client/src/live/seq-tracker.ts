import type { DetectionsMessage, GapMessage } from '#protocol/messages.ts'

export interface GapCounts {
  readonly conflated: number
  readonly expired: number
  /** Restarts of the server; how many results each cost nobody knows. */
  readonly restart: number
  /** Numbers missing without a word: always a bug, on one of the two sides. */
  readonly unsaid: number
}

/** The highest `seq` seen of each camera: what to resume from, and what was missed. Pure. */
export class SeqTracker {
  readonly #last = new Map<string, number>()
  #bootId: string | null = null
  #gaps: GapCounts = { conflated: 0, expired: 0, restart: 0, unsaid: 0 }

  get gaps(): GapCounts {
    return this.#gaps
  }

  /** True: another server process than before, whose numbers, clocks and RTP timelines are others. */
  hello(bootId: string): boolean {
    const restarted = this.#bootId !== null && this.#bootId !== bootId
    if (restarted) this.#last.clear()
    this.#bootId = bootId
    return restarted
  }

  /** False: seen already, as a resume may repeat one. */
  detections({ camera, seq }: Pick<DetectionsMessage, 'camera' | 'seq'>): boolean {
    const last = this.#last.get(camera)
    if (last !== undefined && seq <= last) return false
    if (last !== undefined) this.#count('unsaid', seq - last - 1)
    this.#last.set(camera, seq)
    return true
  }

  gap({ camera, from, to, reason }: Pick<GapMessage, 'camera' | 'from' | 'to' | 'reason'>): void {
    this.#count(reason, to === null ? 1 : to - from + 1)
    if (to === null) this.#last.delete(camera)
    else this.#last.set(camera, Math.max(to, this.#last.get(camera) ?? 0))
  }

  forget(camera: string): void {
    this.#last.delete(camera)
  }

  /** For `subscribe`; undefined before the first hello. */
  resume(): { bootId: string; cameras: Record<string, number> } | undefined {
    if (this.#bootId === null) return undefined
    return { bootId: this.#bootId, cameras: Object.fromEntries(this.#last) }
  }

  #count(reason: keyof GapCounts, by: number): void {
    this.#gaps = { ...this.#gaps, [reason]: this.#gaps[reason] + by }
  }
}
