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

export interface Shortfall {
  /** Results a second, to one decimal. */
  readonly fps: number
  readonly reason: string
}

/**
 * Whether a camera gets the results that it is to get, from one look a second. Measured, not planned: what the device
 * does not manage is said as it is.
 */
export class DetectionRate {
  readonly #looks: EndedFrames[] = []

  look(frames: EndedFrames): void {
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

  /** Null while `wantedFps` is reached, or missed for another reason than that frames waited in vain. */
  shortfall(wantedFps: number): Shortfall | null {
    const [first] = this.#looks
    const last = this.#looks.at(-1)
    if (first === undefined || last === undefined || this.#looks.length <= windowSeconds)
      return null
    const fps = (last.detected - first.detected) / windowSeconds
    const inVain = last.superseded + last.late - first.superseded - first.late
    if (inVain === 0 || fps >= reachedShare * wantedFps) return null
    return { fps: Math.round(fps * 10) / 10, reason: 'inference capacity' }
  }
}
