/** Why a stream gets fewer results than were configured. */
export type ShedReason =
  /** The device does not manage what is asked of it; the stream gets its share of what it does. No rate is lowered. */
  | 'inference_capacity'
  /** The stream's rate is lowered so that results of heavier streams are as young as was promised. */
  | 'age_over_target'

/** One stream as it was since the last tick. */
export interface ShedStream {
  readonly streamId: string
  readonly weight: number
  /** Frames a second; 0 = every frame. */
  readonly configuredFps: number
  /** Frames a second that the camera delivers; 0 while unknown or away. */
  readonly arrivalFps: number
  /** Results a second. */
  readonly detectedFps: number
  /** Worst age of information over its target; above 1 is a broken promise. */
  readonly ageRatio: number
}

export interface ShedTick {
  readonly nowMs: number
  /** Share of the time since the last tick in which the sessions ran, 0..1. */
  readonly utilization: number
  readonly streams: readonly ShedStream[]
}

/** What holds for a stream until the next tick. */
export interface DetectRate {
  readonly streamId: string
  /** For `SchedulingPolicy.setDetectRate`; 0 = every frame. */
  readonly detectFps: number
  /** Null: it gets what was configured. */
  readonly reason: ShedReason | null
}

/** What the server needs of the controller: called once a second, and at once when a stream leaves. */
export interface Shedding {
  /** One rate for each stream of the tick, in its order. A stream that is not in a tick is forgotten. */
  tick(tick: ShedTick): readonly DetectRate[]
}

/** Above it the device is the bottleneck. */
const saturated = 0.9
/** Shorter overloads are the scheduler's business. */
const patienceMs = 3_000
const shedFactor = 0.8
const floorFps = 1
/**
 * What is still asked of the device, in its capacities, when rates are lowered. Exactly 1 costs a batching device 5 % of its
 * results, 1.05 costs 1.6 % (simulated, 87 cameras, twice the load).
 */
const askedMin = 1.05
/** Once this share of the load is gone, what was decided under it is forgotten. */
const fallenShare = 0.2
/** Heavier streams that are this far inside their target for so long can spare something. */
const comfortRatio = 0.6
const comfortMs = 10_000
const comfortFactor = 1.1
/** A raise that had to be taken back is tried again after twice the time, five minutes at most. */
const comfortMsMax = 300_000
/** A raise that the estimate of capacity does not explain: a batching device gives more when more is asked. */
const raiseFps = 0.5
/** Rates are counted over a second: a result more or less is noise. */
const smoothing = 0.5
/** Below this share of what is wanted a stream is told to be short, and above the other it is no more. */
const shortBelow = 0.85
const shortUntil = 0.95

/** One stream as the controller remembers it. */
interface Tracked {
  weight: number
  wantedFps: number
  detectedFps: number
  isShort: boolean
}

/**
 * Sheds load where that is of use. Pure: no clock, no I/O.
 *
 * Of use is only that lighter streams yield to heavier ones whose results are too old. Between streams of one weight the
 * scheduler already takes the oldest first: held to their fair share instead, 16 to 60 simulated streams got as many
 * results, no younger (AoI p99 205 and 206 ms, 352 and 353 ms), at a p95 6 ms longer, and on a batching device 5 % fewer.
 * So a device that is busy all the time lowers nothing by itself; its streams are told `inference_capacity`.
 *
 * Rates never fall so far that the device would idle. They rise at once, as far as its capacity reaches, when it is no
 * bottleneck any more; they are forgotten when a fifth of the load is gone; and they rise in steps of a tenth while
 * those they were lowered for are well inside their target, ever more rarely if that does not hold.
 */
export class SheddingController implements Shedding {
  readonly #streams = new Map<string, Tracked>()
  /** Weight -> most that each stream of that weight may get. */
  readonly #capsFps = new Map<number, number>()
  #capacityFps = 0
  #saturatedSinceMs: number | null = null
  #tooOldSinceMs: number | null = null
  #comfortSinceMs: number | null = null
  #comfortMs = comfortMs
  /** Something was given back since rates were last lowered. */
  #hasGivenBack = false
  /** What was asked for when rates were last lowered. */
  #shedAtWantedFps = 0

  tick(tick: ShedTick): readonly DetectRate[] {
    this.#track(tick)
    const { nowMs, utilization } = tick
    if (this.#wantedFps() < (1 - fallenShare) * this.#shedAtWantedFps) this.#forget()
    if (utilization > saturated) {
      this.#saturatedSinceMs ??= nowMs
      this.#balance(tick)
    } else {
      this.#saturatedSinceMs = null
      this.#tooOldSinceMs = null
      this.#comfortSinceMs = null
      this.#raise()
    }
    const lasts = this.#saturatedSinceMs !== null && nowMs - this.#saturatedSinceMs >= patienceMs
    return tick.streams.map((stream) => this.#rateOf(stream, lasts))
  }

  /** The device is the bottleneck: lighter streams give to heavier ones, or get something back. */
  #balance({ nowMs, streams }: ShedTick): void {
    const victim = Math.max(0, ...streams.map((s) => (s.ageRatio > 1 ? s.weight : 0)))
    this.#tooOldSinceMs = victim > this.#lightest() ? (this.#tooOldSinceMs ?? nowMs) : null
    const capped = Math.max(0, ...this.#capsFps.keys())
    const worst = Math.max(0, ...streams.map((s) => (s.weight > capped ? s.ageRatio : 0)))
    const isComfortable = capped > 0 && worst < comfortRatio
    this.#comfortSinceMs = isComfortable ? (this.#comfortSinceMs ?? nowMs) : null
    if (this.#tooOldSinceMs !== null && nowMs - this.#tooOldSinceMs >= patienceMs) {
      this.#shed(victim)
    } else if (this.#comfortSinceMs !== null && nowMs - this.#comfortSinceMs >= this.#comfortMs) {
      this.#comfortSinceMs = nowMs
      this.#hasGivenBack = true
      this.#raiseTo(capped, (this.#capsFps.get(capped) ?? 0) * comfortFactor)
    }
  }

  #forget(): void {
    this.#capsFps.clear()
    this.#tooOldSinceMs = null
    this.#comfortSinceMs = null
    this.#shedAtWantedFps = 0
    this.#comfortMs = comfortMs
    this.#hasGivenBack = false
  }

  #track({ streams, utilization }: ShedTick): void {
    const present = new Set(streams.map(({ streamId }) => streamId))
    for (const streamId of this.#streams.keys())
      if (!present.has(streamId)) this.#streams.delete(streamId)
    let totalFps = 0
    for (const { streamId, weight, configuredFps, arrivalFps, detectedFps } of streams) {
      totalFps += detectedFps
      const wantedFps = configuredFps > 0 ? Math.min(configuredFps, arrivalFps) : arrivalFps
      const known = this.#streams.get(streamId)
      if (known === undefined) {
        this.#streams.set(streamId, { weight, wantedFps, detectedFps, isShort: false })
        continue
      }
      known.weight = weight
      known.wantedFps += smoothing * (wantedFps - known.wantedFps)
      known.detectedFps += smoothing * (detectedFps - known.detectedFps)
    }
    for (const weight of this.#capsFps.keys())
      if (![...this.#streams.values()].some((stream) => stream.weight === weight))
        this.#capsFps.delete(weight)
    // While it idles this says too little of a batching device, which `raiseFps` makes good.
    if (utilization < 0.1) return
    const capacityFps = totalFps / Math.min(1, utilization)
    if (this.#capacityFps === 0) this.#capacityFps = capacityFps
    else this.#capacityFps += smoothing * (capacityFps - this.#capacityFps)
  }

  /** The lightest weight below `victim` that still has something to give gives a fifth of what it gets. */
  #shed(victim: number): void {
    for (const weight of this.#weights()) {
      const capFps = this.#capsFps.get(weight) ?? Infinity
      if (weight >= victim) return
      if (capFps <= floorFps) continue
      const gotFps = Math.max(...this.#ofWeight(weight).map((stream) => stream.detectedFps))
      const lowerFps = Math.max(floorFps, shedFactor * Math.min(capFps, gotFps))
      const capMinFps = this.#fillingCap(weight)
      const nextFps = Math.max(lowerFps, capMinFps)
      if (nextFps >= capFps) return
      this.#capsFps.set(weight, nextFps)
      this.#shedAtWantedFps = this.#wantedFps()
      if (this.#hasGivenBack) this.#comfortMs = Math.min(comfortMsMax, 2 * this.#comfortMs)
      this.#hasGivenBack = false
      return
    }
  }

  /** Heaviest first: as much as the device is thought to manage. */
  #raise(): void {
    for (const weight of this.#weights().toReversed()) {
      const capFps = this.#capsFps.get(weight)
      if (capFps === undefined) continue
      const nextFps = Math.max(capFps + raiseFps, this.#fillingCap(weight))
      if (!this.#raiseTo(weight, nextFps)) return
    }
  }

  /** Whether that is all they want. */
  #raiseTo(weight: number, capFps: number): boolean {
    const isAll = this.#ofWeight(weight).every(({ wantedFps }) => wantedFps <= capFps)
    if (isAll) this.#capsFps.delete(weight)
    else this.#capsFps.set(weight, capFps)
    return isAll
  }

  /** The cap of one weight at which all streams together ask for `askedMin` capacities; Infinity where none does. */
  #fillingCap(weight: number): number {
    let leftFps = askedMin * this.#capacityFps
    for (const stream of this.#streams.values())
      if (stream.weight !== weight)
        leftFps -= Math.min(stream.wantedFps, this.#capsFps.get(stream.weight) ?? Infinity)
    const wants = this.#ofWeight(weight).map((stream) => stream.wantedFps)
    wants.sort((a, b) => a - b)
    for (const [index, wantedFps] of wants.entries()) {
      const shareFps = leftFps / (wants.length - index)
      if (shareFps < wantedFps) return shareFps
      leftFps -= wantedFps
    }
    return Infinity
  }

  #rateOf({ streamId, weight, configuredFps }: ShedStream, lasts: boolean): DetectRate {
    const stream = this.#streams.get(streamId)
    const capFps = this.#capsFps.get(weight) ?? Infinity
    const wantedFps = stream?.wantedFps ?? 0
    if (capFps < wantedFps && (configuredFps === 0 || capFps < configuredFps))
      return { streamId, detectFps: capFps, reason: 'age_over_target' }
    const detectFps = configuredFps
    if (stream === undefined) return { streamId, detectFps, reason: null }
    const enough = (stream.isShort ? shortUntil : shortBelow) * wantedFps
    stream.isShort = lasts && stream.detectedFps < enough
    return { streamId, detectFps, reason: stream.isShort ? 'inference_capacity' : null }
  }

  #wantedFps(): number {
    let sumFps = 0
    for (const { wantedFps } of this.#streams.values()) sumFps += wantedFps
    return sumFps
  }

  #ofWeight(weight: number): Tracked[] {
    return [...this.#streams.values()].filter((stream) => stream.weight === weight)
  }

  /** Lightest first. */
  #weights(): number[] {
    const weights = new Set([...this.#streams.values()].map((stream) => stream.weight))
    return [...weights].toSorted((a, b) => a - b)
  }

  #lightest(): number {
    return this.#weights()[0] ?? 0
  }
}
