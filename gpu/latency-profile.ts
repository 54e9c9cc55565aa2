import { assert } from '#std/assert.ts'

/** A new sample's share in a running mean once it has settled: 20 batches, 0.2 s at 100 batches/s. */
const gain = 0.05
/** A run after a pause says more of now than those before it: a shape that was given up is believed again in 3 s. */
const rareGain = 0.5
const rareAfterMs = 500
/**
 * A batch size that was not run for so long while others were is judged by the line too, and taken at the better of the
 * two, and starts anew: else what a bad spell taught of large batches would keep them from ever being tried again.
 */
const staleAfterMs = 5_000
/** Samples of a batch size before its own mean is trusted more than the line through all sizes. */
const trustedSamples = 3
/** What one older sample keeps of its weight in the line's fit per newer one: half after 140 batches. */
const forgetting = 0.995
/** The line has no deviation of its own; 15 % covers what sizes in between showed in simulation. */
const lineHeadroom = 1.15
/**
 * A sample counts at most this many times the mean. One stall of 500 ms at a mean of 10 ms would otherwise lift L95
 * to 110 ms, beyond a budget of 100 ms, for the next 100 batches; a real change still gets through, at 15 % a batch.
 */
const outlierFactor = 4

interface SizeStatistics {
  meanMs: number
  deviationMs: number
  samples: number
  /** When the last batch of this size went, or about. */
  ranAtMs: number
}

/**
 * What a batch of b pictures of one shape takes, learned while it runs: mean and mean absolute deviation per batch
 * size, and the line l(b) = alpha * b + beta through all sizes for those not seen yet. Pure.
 */
export class LatencyProfile {
  readonly batchMax: number
  readonly #sizes: SizeStatistics[]
  // Weighted sums of the fit: 1, b, l, b*b, b*l.
  #weight = 0
  #sumB = 0
  #sumL = 0
  #sumBB = 0
  #sumBL = 0
  /** Before any sample: a guess that errs on the slow side, replaced by the first calibration run. */
  #alphaMs = 20
  #betaMs = 0
  /** Another shape's line, scaled. */
  #guess: { readonly alphaMs: number; readonly betaMs: number } | null = null
  #isRare = false
  #exploredAtMs = -Infinity
  #ranAtMs = -Infinity

  constructor(batchMax: number) {
    assert(Number.isInteger(batchMax) && batchMax >= 1, 'batchMax is a whole number from 1')
    this.batchMax = batchMax
    this.#sizes = Array.from({ length: batchMax + 1 }, () => ({
      meanMs: 0,
      deviationMs: 0,
      samples: 0,
      ranAtMs: -Infinity,
    }))
  }

  /** Milliseconds a further picture in the batch costs. */
  get alphaMs(): number {
    return this.#alphaMs
  }

  /** Milliseconds a batch costs whatever its size. */
  get betaMs(): number {
    return this.#betaMs
  }

  /** A batch of `batchSize` pictures took `ms`, from dispatch to answer. */
  add(batchSize: number, ms: number): void {
    const size = this.#size(batchSize)
    const countedMs = Math.min(ms, this.#plausibleMs(size, batchSize))
    if (size.samples === 0 || this.#isStale(size)) {
      size.meanMs = countedMs
      size.deviationMs = countedMs * 0.1
    }
    const share = Math.max(this.#isRare ? rareGain : gain, 1 / (size.samples + 1))
    const errorMs = countedMs - size.meanMs
    size.meanMs += share * errorMs
    size.deviationMs += share * (Math.abs(errorMs) - size.deviationMs)
    size.samples++
    size.ranAtMs = this.#ranAtMs
    this.#fit(batchSize, countedMs)
  }

  /**
   * The first run of a shape plans its memory and takes many times what later ones take: where there is a guess from
   * another shape, it bounds the first samples too.
   */
  #plausibleMs(size: SizeStatistics, batchSize: number): number {
    if (size.samples >= trustedSamples) return outlierFactor * size.meanMs
    const guess = this.#guess
    return guess === null ? Infinity : outlierFactor * (guess.alphaMs * batchSize + guess.betaMs)
  }

  /** A batch of this shape goes now. */
  ran(nowMs: number): void {
    this.#isRare = this.idleMs(nowMs) >= rareAfterMs
    // What calibration taught is as fresh as the first run.
    if (this.#ranAtMs === -Infinity) for (const size of this.#sizes) size.ranAtMs = nowMs
    this.#ranAtMs = nowMs
  }

  /** How long no batch of this shape has gone. */
  idleMs(nowMs: number): number {
    return nowMs - this.#ranAtMs
  }

  meanMs(batchSize: number): number {
    const size = this.#size(batchSize)
    if (size.samples >= trustedSamples) return size.meanMs
    return this.#alphaMs * batchSize + this.#betaMs
  }

  /** L95: what a batch takes at most, 19 times of 20; mean + 3 deviations. */
  highMs(batchSize: number): number {
    const size = this.#size(batchSize)
    const lineMs = (this.#alphaMs * batchSize + this.#betaMs) * lineHeadroom
    if (size.samples < trustedSamples) return lineMs
    const ownMs = size.meanMs + 3 * size.deviationMs
    return this.#isStale(size) ? Math.min(ownMs, lineMs) : ownMs
  }

  /**
   * Whether a batch should have this size although the line says another is better: true at most once in a while. From
   * one size alone nothing can be said of the line's slope, so that a wrong one would stand for ever.
   */
  explores(batchSize: number): boolean {
    if (!this.#isStale(this.#size(batchSize))) return false
    if (this.#ranAtMs - this.#exploredAtMs < staleAfterMs) return false
    this.#exploredAtMs = this.#ranAtMs
    return true
  }

  /** A first guess for another picture size: `ratio` is its share of pixels of this one's. */
  scaled(ratio: number): LatencyProfile {
    const profile = new LatencyProfile(this.batchMax)
    profile.#alphaMs = this.#alphaMs * ratio
    profile.#betaMs = this.#betaMs
    profile.#guess = { alphaMs: profile.#alphaMs, betaMs: profile.#betaMs }
    return profile
  }

  #isStale(size: SizeStatistics): boolean {
    return this.#ranAtMs - size.ranAtMs >= staleAfterMs
  }

  #size(batchSize: number): SizeStatistics {
    const size = batchSize > 0 ? this.#sizes[batchSize] : undefined
    assert(size !== undefined, 'a batch size is a whole number from 1 to batchMax')
    return size
  }

  #fit(batchSize: number, ms: number): void {
    this.#weight = this.#weight * forgetting + 1
    this.#sumB = this.#sumB * forgetting + batchSize
    this.#sumL = this.#sumL * forgetting + ms
    this.#sumBB = this.#sumBB * forgetting + batchSize * batchSize
    this.#sumBL = this.#sumBL * forgetting + batchSize * ms
    const spread = this.#weight * this.#sumBB - this.#sumB * this.#sumB
    if (spread <= 1e-6 * this.#weight * this.#sumBB) {
      // Only one size seen: no line through one point. Nothing speaks for a fixed cost, so nothing waits for company.
      this.#alphaMs = this.#sumL / this.#sumB
      this.#betaMs = 0
      return
    }
    const slope = (this.#weight * this.#sumBL - this.#sumB * this.#sumL) / spread
    this.#alphaMs = Math.max(1e-3, slope)
    this.#betaMs = Math.max(0, (this.#sumL - this.#alphaMs * this.#sumB) / this.#weight)
  }
}
