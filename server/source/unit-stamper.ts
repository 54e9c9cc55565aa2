import type { Clock } from '#std/clock.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import { CaptureClock } from './capture-clock.ts'
import { OutgoingTimeline } from './outgoing-timeline.ts'
import type { StampedUnit } from './stamped-unit.ts'
import { WallClockMap } from './wall-clock-map.ts'

/** B-frames step back by some frame intervals; 2 of a camera with 10 fps. */
const stepBackMsMax = 250
/** More than a camera's clock and ours can part between two units. */
const stepAheadMsMax = 500

/** Puts one camera's access units on its outgoing timeline and on the server's clocks, over all its epochs. */
export class UnitStamper {
  readonly #clock: Clock
  readonly #timeline = new OutgoingTimeline()
  #capture = new CaptureClock()
  #wall = new WallClockMap()
  #epoch = 0
  #begins = true
  #lastCapturedAtMs = 0
  #lastArrivedAtMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Connections that brought at least one unit. */
  get epoch(): number {
    return this.#epoch
  }

  /** The next unit is the first of another connection. */
  beginEpoch(): void {
    this.#begins = true
  }

  stamp(unit: AccessUnit): StampedUnit {
    if (!this.#begins && this.#isClockSet(unit)) this.#begins = true
    if (this.#begins) {
      this.#begins = false
      this.#epoch++
      this.#capture = new CaptureClock()
      this.#wall = new WallClockMap()
      this.#timeline.beginEpoch(unit.rtpTimestamp, unit.arrivedAtMs)
    }
    const capturedAtMs = this.#capture.capturedAtMs(unit.rtpTimestamp, unit.arrivedAtMs)
    this.#lastCapturedAtMs = capturedAtMs
    this.#lastArrivedAtMs = unit.arrivedAtMs
    const wall = this.#wall.wallTime(this.#wallOf(capturedAtMs))
    return {
      unit,
      epoch: this.#epoch,
      rtpTimestamp: this.#timeline.outgoing(unit.rtpTimestamp, unit.arrivedAtMs),
      capturedAtMs,
      capturedAtWallMs: wall.atMs,
      capturedBy: wall.by,
    }
  }

  /** A report before the first unit of an epoch says nothing yet and is left out. */
  senderReport(report: { readonly ntpTimeMs: number; readonly rtpTimestamp: number }): void {
    if (this.#begins) return
    const capturedAtMs = this.#lastCapturedAtMs + this.#capture.sinceLastMs(report.rtpTimestamp)
    this.#wall.report(report.ntpTimeMs, this.#wallOf(capturedAtMs))
  }

  /**
   * The camera has set its clock within a connection: an epoch begins, so that neither latencies nor the outgoing
   * timeline jump with it. Late units (their arrival is further apart than their timestamps) are none, nor is the
   * step back of B-frames.
   */
  #isClockSet(unit: AccessUnit): boolean {
    const stepMs = this.#capture.sinceLastMs(unit.rtpTimestamp)
    const arrivalMs = unit.arrivedAtMs - this.#lastArrivedAtMs
    return stepMs < -stepBackMsMax || stepMs - arrivalMs > stepAheadMsMax
  }

  #wallOf(atMs: number): number {
    return this.#clock.wallTimeMs() - (this.#clock.nowMs() - atMs)
  }
}
