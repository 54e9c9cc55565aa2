import type { RelayCamera } from '#server/relay/relay.ts'
import { systemClock } from '#std/clock.ts'
import type { RelayClip } from './relay-clip.ts'

/** A clip that plays in a loop into a camera, in real time, on one timeline. */
export interface RelayFeed extends Disposable {
  /** Outgoing RTP timestamp -> what was sent under it. */
  readonly sent: ReadonlyMap<number, SentFrame>
  /** The next unit that is no key frame goes out marked damaged. */
  damageOne(): void
}

export interface SentFrame {
  /** The number that the picture shows. */
  readonly counter: number
  readonly sentAtMs: number
  readonly isDamaged: boolean
}

/** Starts near the end of the 32-bit range: every run sees the timestamp wrap. */
const firstTimestamp = 0xffff_ffff - 90_000

export function feedClip(camera: RelayCamera, clip: RelayClip): RelayFeed {
  const sent = new Map<number, SentFrame>()
  const startMs = systemClock.nowMs()
  let damagesNext = false
  let next = 0
  const timer = systemClock.every(2, () => {
    // Late timers catch up: a frame keeps its place on the timeline.
    while (systemClock.nowMs() - startMs >= (next * 1000) / clip.fps) sendNext()
  })
  return {
    sent,
    damageOne() {
      damagesNext = true
    },
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  }

  function sendNext(): void {
    const counter = next % clip.units.length
    const plain = clip.units[counter]
    if (plain === undefined) return
    const isDamaged = damagesNext && !plain.isKey
    if (isDamaged) damagesNext = false
    const unit = isDamaged ? { ...plain, isDamaged } : plain
    const rtpTimestamp = (firstTimestamp + Math.round((next * 90_000) / clip.fps)) >>> 0
    const nowMs = systemClock.nowMs()
    sent.set(rtpTimestamp, { counter, sentAtMs: nowMs, isDamaged })
    next++
    camera.send({
      unit,
      epoch: 1,
      rtpTimestamp,
      capturedAtMs: nowMs,
      capturedAtWallMs: systemClock.wallTimeMs(),
      capturedBy: 'arrival',
    })
  }
}
