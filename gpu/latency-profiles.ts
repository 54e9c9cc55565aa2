import { LatencyProfile } from './latency-profile.ts'

/**
 * Each of some 17 small objects at a `batchMax` of 16. Cameras of one site come in a handful of sizes; a camera can
 * announce any of some 400 shapes, scaled for one model, and change at every picture.
 */
const shapesMax = 64

interface Entry {
  readonly profile: LatencyProfile
  /** The larger, the later it was asked for. */
  lastUse: number
}

/**
 * What batches take, shape by shape (width * 65536 + height). Policy when full: the shape that was not asked for the
 * longest goes, and starts again from the calibrated one, scaled, should it come back.
 */
export class LatencyProfiles {
  readonly #batchMax: number
  readonly #entries = new Map<number, Entry>()
  #calibrated: { readonly profile: LatencyProfile; readonly pixels: number } | null = null
  #uses = 0
  #evicted = 0

  constructor(batchMax: number) {
    this.#batchMax = batchMax
  }

  get size(): number {
    return this.#entries.size
  }

  /** Profiles that were let go since the start. */
  get evicted(): number {
    return this.#evicted
  }

  /** What a batch of `shape` took at start: from now on the first guess for all others. */
  calibrate(shape: number, sample: { readonly batchSize: number; readonly ms: number }): void {
    const profile = this.of(shape)
    profile.add(sample.batchSize, sample.ms)
    this.#calibrated = { profile, pixels: pixelsOf(shape) }
  }

  /** Not to be kept: the next call may let it go. */
  of(shape: number): LatencyProfile {
    const lastUse = ++this.#uses
    const known = this.#entries.get(shape)
    if (known !== undefined) {
      known.lastUse = lastUse
      return known.profile
    }
    if (this.#entries.size >= shapesMax) this.#evict()
    const profile = this.#guessed(shape)
    this.#entries.set(shape, { profile, lastUse })
    return profile
  }

  #guessed(shape: number): LatencyProfile {
    if (this.#calibrated === null) return new LatencyProfile(this.#batchMax)
    return this.#calibrated.profile.scaled(pixelsOf(shape) / this.#calibrated.pixels)
  }

  #evict(): void {
    let oldest: number | null = null
    let oldestUse = Infinity
    for (const [shape, { lastUse }] of this.#entries)
      if (lastUse < oldestUse) {
        oldest = shape
        oldestUse = lastUse
      }
    if (oldest === null) return
    this.#entries.delete(oldest)
    this.#evicted++
  }
}

function pixelsOf(shape: number): number {
  return Math.floor(shape / 65_536) * (shape % 65_536)
}
