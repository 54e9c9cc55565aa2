/** What the scheduler has to know of a frame. */
export interface SchedulableFrame {
  readonly capturedAtMs: number
  /** Latest instant at which its detections are of use. */
  readonly deadlineAtMs: number
  readonly width: number
  readonly height: number
}

/**
 * `live`: a camera. `spare`: load that waits, as uploaded videos do; it runs only while no live frame is ready, in at most a
 * tenth of the device's time, and where the next live deadline allows.
 */
export type StreamClass = 'live' | 'spare'

/** A longer gap between two frames is a pause of the camera and says nothing about its rate. */
const pauseMs = 2_000
/** A new interval's share in the running mean: ten frames. */
const intervalGain = 0.1
/** An arrival that is overdue by more than this is not waited for: it was lost, or the camera stopped. */
const overdueMs = 2
/** The age of a stream that was never served: it goes before any that was. */
const neverServedAgeMs = 1e9

/**
 * One stream in the scheduler: the frame that waits, whether one is in flight, and when the next is due. Pacing counts
 * in capture instants: they keep the camera's own rhythm where arrivals are jittered by network and decoder.
 */
export class StreamSlot<F extends SchedulableFrame> {
  readonly streamId: string
  readonly weight: number
  readonly isSpare: boolean
  readonly #phase: number
  /** The newest frame that was due; null when none waits. */
  waiting: F | null = null
  inFlight = false
  /** Frames of others that were dispatched since a frame of this stream could have gone. */
  passedOver = 0
  /** Place in the order of the current poll; larger goes first. */
  score = 0
  /** Picture size of the newest frame, width * 65536 + height: streams of one shape can share a batch. */
  shape = 0
  /** Mean interval of arriving frames; 0 while unknown. */
  intervalMs = 0
  /** What the newest frame had left until its deadline when it arrived. */
  slackMs = 0

  #periodMs = 0
  #dueAtMs = -Infinity
  #servedCaptureAtMs: number | null = null
  #lastCaptureAtMs = -Infinity
  #lastArrivalAtMs = -Infinity

  constructor(options: {
    readonly streamId: string
    readonly weight: number
    readonly detectFps: number
    readonly class?: StreamClass | undefined
    /** Where in its period this stream is due, 0..1: streams of one rate that differ in it do not collide. */
    readonly phase: number
  }) {
    this.streamId = options.streamId
    this.#phase = options.phase
    this.weight = options.weight
    this.isSpare = options.class === 'spare'
    this.setRate(options.detectFps)
  }

  /** Frames a second that may be detected from now on; 0 = every frame. */
  setRate(detectFps: number): void {
    this.#periodMs = detectFps > 0 ? 1000 / detectFps : 0
    if (this.#servedCaptureAtMs !== null) this.#dueAtMs = this.#dueAfterMs(this.#servedCaptureAtMs)
  }

  /** Takes note of an arrival; false when it was captured before one that came earlier. */
  arrived(frame: F, nowMs: number): boolean {
    const intervalMs = frame.capturedAtMs - this.#lastCaptureAtMs
    if (intervalMs < 0) return false
    if (intervalMs > 0 && intervalMs < pauseMs)
      this.intervalMs += (this.intervalMs === 0 ? 1 : intervalGain) * (intervalMs - this.intervalMs)
    this.#lastCaptureAtMs = frame.capturedAtMs
    this.#lastArrivalAtMs = nowMs
    this.slackMs = frame.deadlineAtMs - nowMs
    this.shape = frame.width * 65_536 + frame.height
    return true
  }

  /**
   * Whether a frame captured then may be detected. Half an interval early counts as due: the frame nearest to the due
   * instant is taken, and a detect rate that divides the camera's is not beaten by jitter.
   */
  isDue(capturedAtMs: number): boolean {
    return capturedAtMs >= this.#dueAtMs - this.#toleranceMs()
  }

  /** The waiting frame goes: the next one is due a period after this one *was due*, so the mean rate is exact. */
  serve(frame: F): void {
    this.waiting = null
    this.inFlight = true
    this.passedOver = 0
    this.#servedCaptureAtMs = frame.capturedAtMs
    const nextAtMs = this.#dueAtMs + this.#periodMs
    // More than one and a half periods behind (first frame, pause, overload): what was missed is not made up for.
    const behind = nextAtMs < frame.capturedAtMs - this.#periodMs / 2
    this.#dueAtMs = behind ? this.#dueAfterMs(frame.capturedAtMs) : nextAtMs
  }

  /** What serving this capture now would take off the stream's age of information. */
  ageMs(frame: F): number {
    if (this.#servedCaptureAtMs === null) return neverServedAgeMs
    return frame.capturedAtMs - this.#servedCaptureAtMs
  }

  isActive(nowMs: number): boolean {
    return nowMs - this.#lastArrivalAtMs < pauseMs
  }

  /** When the next frame that will be due is expected; Infinity when that cannot be said. */
  nextArrivalAtMs(nowMs: number): number {
    if (this.intervalMs === 0 || !this.isActive(nowMs)) return Infinity
    const untilDueMs = this.#dueAtMs - this.#toleranceMs() - this.#lastCaptureAtMs
    const intervals = Math.max(1, Math.ceil(untilDueMs / this.intervalMs))
    const atMs = this.#lastArrivalAtMs + intervals * this.intervalMs
    return atMs < nowMs - overdueMs ? Infinity : Math.max(atMs, nowMs)
  }

  /** When a frame of this stream must start that took `runMs`: the one that waits, or the next that is expected. */
  mustStartByMs(nowMs: number, runMs: number): number {
    if (this.waiting !== null) return this.waiting.deadlineAtMs - runMs
    if (!this.isActive(nowMs)) return Infinity
    const arrivalAtMs = this.nextArrivalAtMs(nowMs)
    return (arrivalAtMs === Infinity ? nowMs : arrivalAtMs) + this.slackMs - runMs
  }

  /** The first instant of the stream's own phase that is half a period or more after `atMs`. */
  #dueAfterMs(atMs: number): number {
    if (this.#periodMs === 0) return -Infinity
    const offsetMs = this.#phase * this.#periodMs
    const periods = Math.ceil((atMs + this.#periodMs / 2 - offsetMs) / this.#periodMs)
    return periods * this.#periodMs + offsetMs
  }

  #toleranceMs(): number {
    return Math.min(this.intervalMs, this.#periodMs) / 2
  }
}
