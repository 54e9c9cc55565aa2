import type { ShedReason } from '#gpu/shedding.ts'

/** Seconds over which the rate is taken: shorter and a single late result would show. */
const windowSeconds = 5
/** Below this share of what is wanted it is a shortfall; frames fall on the camera's own grid, so it is never exact. */
const reachedShare = 0.85

/** Frames that ended so, since the camera was added. */
export interface EndedFrames {
  readonly detected: number
  readonly superseded: number
  readonly late: number
}

/** What the shedding controller says of a camera: its rate is lowered, or it gets less than its rate. */
export interface DecidedRate {
  /** Frames a second in force; 0 = every frame. */
  readonly detectFps: number
  readonly reason: ShedReason
}

/** What detection is to reach, or reaches where that is less. */
export interface ToldRate {
  readonly effectiveFps: number
  /** Null while it is what the configuration and the camera's own rate allow. */
  readonly shed: { readonly reason: string } | null
  /** The same for a person. */
  readonly sentence: string | null
}

const words: Readonly<Record<ShedReason, string>> = {
  inference_capacity: 'inference capacity',
  age_over_target: 'cameras of more weight come first',
}

/**
 * How many results a second a camera gets, of how many: what was decided when load is shed, and what was measured, from
 * one look a second, where the device does not even manage that.
 */
export class DetectionRate {
  readonly #looks: EndedFrames[] = []
  #decided: DecidedRate | null = null
  #shedResults = 0

  /** Once a second while the camera is live. */
  look(frames: EndedFrames, wantedFps: number): void {
    this.#shedResults += wantedFps - this.#allowedFps(wantedFps)
    this.#looks.push({
      detected: frames.detected,
      superseded: frames.superseded,
      late: frames.late,
    })
    if (this.#looks.length > windowSeconds + 1) this.#looks.shift()
  }

  /** The camera was away: what it got before says nothing. */
  reset(): void {
    this.#looks.length = 0
  }

  /** Null: it gets what is configured. What was measured at another rate says nothing about this one. */
  decide(rate: DecidedRate | null): void {
    if (loweredTo(rate) !== loweredTo(this.#decided)) this.reset()
    this.#decided = rate
  }

  get decided(): DecidedRate | null {
    return this.#decided
  }

  /** Results that were not asked for because the rate was lowered, since the camera was added. */
  get shedResults(): number {
    return this.#shedResults
  }

  /** `wantedFps`: the lower of the camera's rate and the configured one. */
  told(wantedFps: number): ToldRate {
    const allowedFps = this.#allowedFps(wantedFps)
    const measuredFps = this.#shortOf(allowedFps)
    if (allowedFps >= wantedFps && measuredFps === null)
      return { effectiveFps: wantedFps, shed: null, sentence: null }
    const effectiveFps = measuredFps ?? allowedFps
    const reason = words[allowedFps < wantedFps ? 'age_over_target' : 'inference_capacity']
    return {
      effectiveFps,
      shed: { reason },
      sentence: `${tenths(effectiveFps)} of ${tenths(wantedFps)} fps: ${reason}`,
    }
  }

  #allowedFps(wantedFps: number): number {
    return Math.min(wantedFps, loweredTo(this.#decided) ?? wantedFps)
  }

  /** What is reached; null while it is `allowedFps`, or less for another reason than that frames waited in vain. */
  #shortOf(allowedFps: number): number | null {
    const [first] = this.#looks
    const last = this.#looks.at(-1)
    const seconds = this.#looks.length - 1
    if (first === undefined || last === undefined || seconds < 1) return null
    const fps = (last.detected - first.detected) / seconds
    if (this.#decided?.reason === 'inference_capacity')
      return tenths(fps) < tenths(allowedFps) ? tenths(fps) : null
    const inVain = last.superseded + last.late - first.superseded - first.late
    const isShort = seconds >= windowSeconds && inVain > 0 && fps < reachedShare * allowedFps
    return isShort ? tenths(fps) : null
  }
}

/** Null where the configured rate is in force. */
function loweredTo(rate: DecidedRate | null): number | null {
  return rate?.reason === 'age_over_target' ? rate.detectFps : null
}

function tenths(fps: number): number {
  return Math.round(fps * 10) / 10
}
