import type { Clock, Timer } from '#std/clock.ts'
import type { Clip } from './clip.ts'
import type { InterleavedWriter } from './interleaved-writer.ts'

/** Later than this the missed frames are not sent in a burst: the clip pauses and its timestamps go on. */
const catchUpMsMax = 500
const senderReportPeriodMs = 1000

/** One frame as it left, for tests that ask which frame they see and how old it is. */
export interface SentFrame {
  /** Counts the frames of this session from 0; `frame % clip.units.length` is its place in the clip. */
  readonly frame: number
  readonly rtpTimestamp: number
  /** Taken right after the write of the frame's last byte. */
  readonly sentAtMs: number
}

export interface ClipPlayerOptions {
  readonly clip: Clip
  readonly fps: number
  readonly clock: Clock
  readonly writer: InterleavedWriter
  /** RTP timestamp of the first frame. */
  readonly firstRtpTimestamp: number
  /** When within a frame's interval of the clock frames are sent, 0..1; at once where absent. */
  readonly phase?: number
  /** It waits for `resume`. */
  readonly isPaused: boolean
  readonly write: (data: Buffer) => void
  readonly onSent: (sent: SentFrame) => void
}

/** Plays a clip to one client in real time, for ever, with timestamps that go on over the seam. */
export class ClipPlayer implements Disposable {
  readonly #options: ClipPlayerOptions
  readonly #startAtMs: number
  #timer: Timer | null = null
  #dueAtMs: number
  #reportDueAtMs: number
  #frame = 0
  #isPaused: boolean

  constructor(options: ClipPlayerOptions) {
    this.#options = options
    this.#startAtMs = firstFrameAtMs(options)
    this.#dueAtMs = this.#startAtMs
    this.#reportDueAtMs = this.#startAtMs
    this.#isPaused = options.isPaused
    // Not at once: who made it may have to know it before the first write.
    const waitMs = this.#startAtMs - options.clock.nowMs()
    if (!this.#isPaused) this.#timer = options.clock.after(waitMs, () => this.#tick())
  }

  pause(): void {
    this.#isPaused = true
    this.#timer?.[Symbol.dispose]()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#tick()
  }

  [Symbol.dispose](): void {
    this.pause()
  }

  #tick(): void {
    const { clock, fps } = this.#options
    const nowMs = clock.nowMs()
    if (nowMs - this.#dueAtMs > catchUpMsMax) this.#dueAtMs = nowMs
    // A write can end the session, and with it this player.
    while (this.#dueAtMs <= nowMs && !this.#isPaused) {
      this.#send()
      this.#dueAtMs += 1000 / fps
    }
    if (!this.#isPaused)
      this.#timer = clock.after(this.#dueAtMs - clock.nowMs(), () => this.#tick())
  }

  #send(): void {
    const { clip, clock, writer, write, onSent, firstRtpTimestamp } = this.#options
    const elapsed = Math.round((this.#dueAtMs - this.#startAtMs) * 90)
    const rtpTimestamp = (firstRtpTimestamp + elapsed) % 2 ** 32
    if (this.#dueAtMs >= this.#reportDueAtMs) {
      const wallTimeMs = clock.wallTimeMs() + this.#dueAtMs - clock.nowMs()
      write(writer.senderReport(wallTimeMs, rtpTimestamp))
      this.#reportDueAtMs = this.#dueAtMs + senderReportPeriodMs
    }
    write(writer.accessUnit(clip.units[this.#frame % clip.units.length] ?? [], rtpTimestamp))
    onSent({ frame: this.#frame, rtpTimestamp, sentAtMs: clock.nowMs() })
    this.#frame++
  }
}

function firstFrameAtMs({ clock, fps, phase }: ClipPlayerOptions): number {
  const nowMs = clock.nowMs()
  if (phase === undefined) return nowMs
  const periodMs = 1000 / fps
  return (Math.ceil(nowMs / periodMs - phase) + phase) * periodMs
}
