import type { BeaconMessage, DetectionsMessage } from '#protocol/messages.ts'
import { DisplayDelay } from './display-delay.ts'
import { DrawLog } from './draw-log.ts'
import { FrameSync, type Match } from './frame-sync.ts'
import { RecentValues } from './recent-values.ts'
import type { ServerClock } from './server-clock.ts'

export type DetectionsMatch = Match<DetectionsMessage>

/** A picture that the browser has put, or is about to put, on the screen. Instants on the client's clock. */
export interface ShownFrame {
  /** Null where the browser does not tell. */
  readonly rtpTimestamp: number | null
  readonly displayAtMs: number
}

/** Displayed frames by how their boxes were found, and the boxes of those frames. */
export interface MatchCounts {
  readonly framesShown: number
  readonly exact: number
  readonly held: number
  readonly none: number
  readonly exactBoxes: number
  readonly heldBoxes: number
}

const noCounts: MatchCounts = {
  framesShown: 0,
  exact: 0,
  held: 0,
  none: 0,
  exactBoxes: 0,
  heldBoxes: 0,
}

/** The server's default, until the API says what this camera's is. */
const heldMsMaxDefault = 200

/**
 * One camera's pictures and detections, joined on the RTP timestamp. Pure but for the listener: whoever shows the
 * pictures tells it each frame, whoever holds the socket each message, and `onMatch` hears whose boxes to draw now.
 */
export class CameraScreen {
  /** Called for each displayed frame, and again when better detections arrive while it is still displayed. */
  onMatch: ((match: DetectionsMatch) => void) | null = null
  /** Nothing older than this is drawn: the camera's latency budget. */
  heldMsMax = heldMsMaxDefault
  readonly draws = new DrawLog()
  readonly delay: DisplayDelay
  readonly #serverClock: ServerClock
  readonly #sync = new FrameSync<DetectionsMessage>()
  readonly #shownAt = new RecentValues({ spanMs: 5_000, countMax: 600 })
  /** By capture on the server's clock, which goes on where a camera's timeline jumps back. */
  #latest: DetectionsMessage | null = null
  #frame: ShownFrame | null = null
  #match: DetectionsMatch = { kind: 'none' }
  /** All frames but the one that is displayed. */
  #past: MatchCounts = noCounts
  #beaconed: MatchCounts = noCounts

  constructor(serverClock: ServerClock) {
    this.#serverClock = serverClock
    this.delay = new DisplayDelay(serverClock)
  }

  get frame(): ShownFrame | null {
    return this.#frame
  }

  get match(): DetectionsMatch {
    return this.#match
  }

  /** The last 10 s, oldest first. */
  get detections(): readonly DetectionsMessage[] {
    return this.#sync.all
  }

  /** framesShown = exact + held + none, at any instant. */
  get counts(): MatchCounts {
    return this.#frame === null ? this.#past : plus(this.#past, this.#match)
  }

  /** Pictures a second over the last 3 s. */
  shownFps(nowMs: number): number | null {
    return this.#shownAt.ratePerSecond(nowMs, 3_000)
  }

  showFrame(frame: ShownFrame): void {
    // The callback may report the picture that is there already: neither a new frame nor a new draw.
    if (frame.rtpTimestamp !== null && frame.rtpTimestamp === this.#frame?.rtpTimestamp) return
    this.#past = this.counts
    this.#frame = frame
    this.#shownAt.add(frame.displayAtMs, 0)
    if (frame.rtpTimestamp !== null)
      this.delay.observeDisplay(frame.rtpTimestamp, frame.displayAtMs)
    this.#use(this.#choose(frame), frame.displayAtMs)
  }

  addDetections(detections: DetectionsMessage, arrivedAtMs: number): void {
    this.#sync.add(detections)
    if (detections.capturedAtServerMs >= (this.#latest?.capturedAtServerMs ?? -Infinity))
      this.#latest = detections
    this.delay.observeCapture(detections)
    if (this.#frame === null) return
    const match = this.#choose(this.#frame)
    if (match.kind !== 'none' && match.detections === detections) this.#use(match, arrivedAtMs)
  }

  /** Another timeline begins: nothing that is here may be matched with what comes. */
  clear(): void {
    this.#past = this.counts
    this.#frame = null
    this.#match = { kind: 'none' }
    this.#latest = null
    this.#sync.clear()
    this.delay.clear()
    this.onMatch?.(this.#match)
  }

  /** What was shown since the last call; null where nothing was. */
  takeBeacon(camera: string): BeaconMessage | null {
    const now = this.#past
    const before = this.#beaconed
    if (now.framesShown === before.framesShown) return null
    this.#beaconed = now
    return {
      type: 'beacon',
      camera,
      exact: now.exactBoxes - before.exactBoxes,
      interpolated: 0,
      held: now.heldBoxes - before.heldBoxes,
      none: now.none - before.none,
      displayDelayMs: this.delay.takeHistogram(),
    }
  }

  #choose(frame: ShownFrame): DetectionsMatch {
    if (frame.rtpTimestamp !== null) return this.#sync.choose(frame.rtpTimestamp, this.heldMsMax)
    return this.#newest(frame.displayAtMs)
  }

  /** Without a timestamp nothing can be exact: the newest, while it is not older than the budget. */
  #newest(displayAtMs: number): DetectionsMatch {
    const detections = this.#latest
    const serverMs = this.#serverClock.toServerMs(displayAtMs)
    if (detections === null || serverMs === null) return { kind: 'none' }
    const ageMs = Math.max(0, serverMs - detections.capturedAtServerMs)
    return ageMs > this.heldMsMax ? { kind: 'none' } : { kind: 'held', detections, ageMs }
  }

  #use(match: DetectionsMatch, atMs: number): void {
    this.#match = match
    this.draws.add({
      frameRtpTimestamp: this.#frame?.rtpTimestamp ?? null,
      detectionsRtpTimestamp: match.kind === 'none' ? null : match.detections.rtpTimestamp,
      match: match.kind,
      boxes: match.kind === 'none' ? 0 : match.detections.objects.length,
      atMs,
    })
    this.onMatch?.(match)
  }
}

function plus(counts: MatchCounts, match: DetectionsMatch): MatchCounts {
  const boxes = match.kind === 'none' ? 0 : match.detections.objects.length
  return {
    framesShown: counts.framesShown + 1,
    exact: counts.exact + Number(match.kind === 'exact'),
    held: counts.held + Number(match.kind === 'held'),
    none: counts.none + Number(match.kind === 'none'),
    exactBoxes: counts.exactBoxes + (match.kind === 'exact' ? boxes : 0),
    heldBoxes: counts.heldBoxes + (match.kind === 'held' ? boxes : 0),
  }
}
