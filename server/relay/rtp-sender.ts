import type { Clock } from '#std/clock.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { H264Packetizer } from './h264-packetizer.ts'
import { writeSenderReport } from './sender-report.ts'

/** Where a camera's packets go: one payload type's way into the SFU. Neither may throw. */
export interface RtpOutput {
  sendRtp(packet: Buffer): void
  sendRtcp(packet: Buffer): void
}

const clockRateKHz = 90
const senderReportPeriodMs = 1000
const rtpHeaderBytes = 12

/**
 * One camera's outgoing RTP stream (RFC 3550: a sender), the same packets to every output. Freeze, never smear: after a
 * damaged unit or a new connection nothing goes out until the next whole key frame, and a gap of one sequence number tells
 * receivers. Without an output nothing is packetized at all.
 */
export class RtpSender {
  readonly #clock: Clock
  readonly #ssrc: number
  readonly #packetizer: H264Packetizer
  readonly #outputs = new Set<RtpOutput>()
  /** Bound once: a closure a unit would be garbage at frame rate. */
  readonly #emit = (packet: Buffer): void => this.#send(packet)
  #epoch: number | null = null
  #awaitsKey = true
  /** Receivers have a picture of before the loss; at the very start they have none. */
  #owesGap = false
  #packetCount = 0
  #payloadOctetCount = 0
  #lastReportAtMs = Number.NEGATIVE_INFINITY

  constructor(options: {
    readonly clock: Clock
    readonly payloadType: number
    readonly ssrc: number
    readonly firstSequenceNumber: number
  }) {
    this.#clock = options.clock
    this.#ssrc = options.ssrc
    this.#packetizer = new H264Packetizer(options)
  }

  /** A new output gets packets from the next unit on; what it can use begins at the next key frame. A report is due. */
  addOutput(output: RtpOutput): void {
    this.#outputs.add(output)
    this.#lastReportAtMs = Number.NEGATIVE_INFINITY
  }

  removeOutput(output: RtpOutput): void {
    this.#outputs.delete(output)
    if (this.#outputs.size > 0) return
    // Nobody holds a picture any more: the next viewer begins with a key frame and without a gap.
    this.#awaitsKey = true
    this.#owesGap = false
  }

  send(stamped: StampedUnit): void {
    if (this.#outputs.size === 0) return
    const { unit } = stamped
    if (unit.isDamaged || stamped.epoch !== this.#epoch) this.#freeze()
    this.#epoch = stamped.epoch
    if (this.#awaitsKey) {
      if (!unit.isKey || unit.isDamaged) return
      this.#awaitsKey = false
      if (this.#owesGap) this.#packetizer.skipSequenceNumber()
      this.#owesGap = false
    }
    this.#packetizer.packetize(unit, stamped.rtpTimestamp, this.#emit)
    this.#reportAfter(stamped)
  }

  #freeze(): void {
    if (!this.#awaitsKey) this.#owesGap = true
    this.#awaitsKey = true
  }

  #send(packet: Buffer): void {
    this.#packetCount++
    this.#payloadOctetCount += packet.length - rtpHeaderBytes
    for (const output of this.#outputs) output.sendRtp(packet)
  }

  /**
   * Ties wall time to the RTP clock by the instant of capture, extrapolated to now: a receiver that subtracts gets
   * capture-to-display, not send-to-display.
   */
  #reportAfter(stamped: StampedUnit): void {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#lastReportAtMs < senderReportPeriodMs) return
    this.#lastReportAtMs = nowMs
    const sinceCaptureMs = nowMs - stamped.capturedAtMs
    const report = writeSenderReport({
      ssrc: this.#ssrc,
      wallTimeMs: this.#clock.wallTimeMs(),
      rtpTimestamp: (stamped.rtpTimestamp + Math.round(sinceCaptureMs * clockRateKHz)) >>> 0,
      packetCount: this.#packetCount,
      payloadOctetCount: this.#payloadOctetCount,
    })
    for (const output of this.#outputs) output.sendRtcp(report)
  }
}
