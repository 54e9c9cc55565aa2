import type { CameraView } from '#protocol/api.ts'
import type { CameraMessage, DetectionsMessage, Missed } from '#protocol/messages.ts'
import type { Clock } from '../clock.ts'
import { tileState, type TileState } from './tile-state.ts'
import { openBrowserPeer } from './browser-peer.ts'
import { CameraScreen, type ShownFrame } from './camera-screen.ts'
import { ExactDelay } from './exact-delay.ts'
import { takeFacts, takeFigures, type Facts, type Figures } from './figures.ts'
import { Player, type PlayerStatus } from './player.ts'
import { RecentValues } from './recent-values.ts'
import type { ServerClock } from './server-clock.ts'
import type { CameraSupport } from './support-hook.ts'
import type { Whep } from './whep.ts'

export type TimingMode = 'live' | 'exact'

const nothingMissed: Missed = { superseded: 0, late: 0, paced: 0, damaged: 0, failed: 0 }

/** One camera of this page: its pictures, its detections, and what is known about both, for the components to show. */
export class CameraFeed {
  readonly id: string
  readonly screen: CameraScreen
  /** What the server says of it. */
  message = $state.raw<CameraMessage | null>(null)
  view = $state.raw<CameraView | null>(null)
  state = $state.raw<TileState>(initialState())
  figures = $state.raw<Figures>({ latencyMs: null, fps: null })
  stream = $state.raw<MediaStream | null>(null)
  /** False: this browser does not tell which frame is on screen. */
  hasTimestamps = $state(true)
  /** The stream is about to end: keep its picture. */
  onLeave: (() => void) | null = null
  #playerStatus: PlayerStatus = { kind: 'off' }
  #lastPictureAtMs: number | null = null
  #visibleSinceMs: number
  #missed = nothingMissed
  #detected = 0
  #waitMs = 0
  readonly #clock: Clock
  readonly #serverClock: ServerClock
  readonly #player: Player<MediaStream>
  readonly #exactDelay = new ExactDelay()
  readonly #publishMs = new RecentValues({ spanMs: 10_000, countMax: 1_200 })

  constructor(
    id: string,
    options: {
      readonly clock: Clock
      readonly serverClock: ServerClock
      readonly whep: Whep
      readonly random: () => number
    },
  ) {
    this.id = id
    this.#clock = options.clock
    this.#serverClock = options.serverClock
    this.#visibleSinceMs = options.clock.nowMs()
    this.screen = new CameraScreen(options.serverClock)
    this.#player = new Player<MediaStream>({
      cameraId: id,
      clock: options.clock,
      whep: options.whep,
      random: options.random,
      openPeer: openBrowserPeer,
      onStream: (stream) => {
        this.stream = stream
      },
      onLeave: () => {
        this.onLeave?.()
        this.stream = null
      },
      onStatus: (status) => {
        this.#playerStatus = status
        this.refresh()
      },
    })
  }

  get name(): string {
    return this.view?.name ?? this.id
  }

  /** Frames a second between detections, in milliseconds: held boxes older than it are drawn dashed. */
  get detectIntervalMs(): number {
    const { effectiveFps = 0, measuredFps = 0 } = this.message ?? {}
    const frameMs = measuredFps > 0 ? 1_000 / measuredFps : 0
    // Detections fall on frames, so the longest regular interval is one frame longer than the rate says.
    return effectiveFps > 0 ? 1_000 / effectiveFps + frameMs : this.screen.heldMsMax
  }

  hear(message: CameraMessage): void {
    this.message = message
    this.#player.expect({ live: message.state === 'live', fps: message.measuredFps || null })
    // A refused camera has no picture to join for, and may stay so for days.
    if (['connecting', 'live', 'stalled'].includes(message.state)) this.#player.start()
    else this.#player.stop()
    if (message.state === 'removed') this.screen.clear()
    this.refresh()
  }

  describe(view: CameraView): void {
    this.view = view
    this.screen.heldMsMax = view.latencyBudgetMs
    this.refresh()
  }

  detect(detections: DetectionsMessage, arrivedAtMs: number): void {
    this.screen.addDetections(detections, arrivedAtMs)
    this.#detected++
    this.#missed = sum(this.#missed, detections.missed)
    const arrivedAtServerMs = this.#serverClock.toServerMs(arrivedAtMs)
    if (arrivedAtServerMs === null) return
    const delayMs = arrivedAtServerMs - detections.capturedAtServerMs
    this.#exactDelay.observe(arrivedAtMs, delayMs)
    const { receive, decode, queue, infer, post } = detections.timings
    const publishMs = delayMs - (receive + decode + queue + infer + post)
    this.#publishMs.add(arrivedAtMs, Math.max(0, publishMs))
  }

  showFrame(frame: ShownFrame): void {
    this.#lastPictureAtMs = this.#clock.nowMs()
    this.hasTimestamps = frame.rtpTimestamp !== null
    this.screen.showFrame(frame)
    if (this.state.picture !== 'live') this.refresh()
  }

  /** Frames were not seen before now, because the page was in the background. */
  becameVisible(): void {
    this.#visibleSinceMs = this.#clock.nowMs()
    this.#player.wake()
  }

  setTiming(mode: TimingMode): void {
    this.#waitMs = mode === 'exact' ? this.#exactDelay.targetMs() : 0
    this.#player.setWaitMs(this.#waitMs)
  }

  /** Another server process: other timelines, and a session that it does not know. */
  serverRestarted(): void {
    this.screen.clear()
    this.#exactDelay.clear()
    this.#player.restart('server restarted')
  }

  refresh(): void {
    const { message, view } = this
    const next = tileState({
      message,
      url: view?.url ?? null,
      player: this.#playerStatus,
      lastPicture: this.#lastPicture(),
      visibleSinceMs: this.#visibleSinceMs,
      nowMs: this.#clock.nowMs(),
    })
    if (JSON.stringify(next) !== JSON.stringify(this.state)) this.state = next
  }

  takeFigures(): void {
    this.figures = takeFigures(this.screen, this.#clock.nowMs())
  }

  takeFacts(): Facts {
    const nowMs = this.#clock.nowMs()
    const facts = takeFacts(this.screen, {
      nowMs,
      serverMs: this.#serverClock.toServerMs(nowMs),
      publishMs: this.#publishMs.quantile(0.5, nowMs - 10_000),
    })
    return { ...facts, frames: { ...this.#missed, detected: this.#detected } }
  }

  support(): CameraSupport {
    const { screen } = this
    return {
      ...screen.counts,
      state: this.state.kind,
      lastRtpTimestamp: screen.frame?.rtpTimestamp ?? null,
      drawn: screen.draws.last,
      draws: screen.draws.entries(),
      drawsWritten: screen.draws.written,
      displayDelayMs: takeFacts(screen, {
        nowMs: this.#clock.nowMs(),
        serverMs: null,
        publishMs: null,
      }).latencyMs,
      waitMs: this.#waitMs,
      joins: this.#player.joins,
      lastEnd: this.#player.lastEnd,
    }
  }

  leaveNow(): void {
    this.#player.leaveNow()
  }

  rejoin(): void {
    this.#player.restart('page came back')
  }

  close(): void {
    this.#player.stop()
  }

  #lastPicture(): { atMs: number; wallTime: string } | null {
    const atMs = this.#lastPictureAtMs
    if (atMs === null) return null
    const wallTimeMs = this.#clock.wallTimeMs() - (this.#clock.nowMs() - atMs)
    return { atMs, wallTime: timeOfDay(wallTimeMs) }
  }
}

function initialState(): TileState {
  return tileState({
    message: null,
    url: null,
    player: { kind: 'off' },
    lastPicture: null,
    visibleSinceMs: 0,
    nowMs: 0,
  })
}

const timeOfDayFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

/** `08:41:07`, where the person is. */
export function timeOfDay(wallTimeMs: number): string {
  return timeOfDayFormat.format(wallTimeMs)
}

function sum(a: Missed, b: Missed): Missed {
  return {
    superseded: a.superseded + b.superseded,
    late: a.late + b.late,
    paced: a.paced + b.paced,
    damaged: a.damaged + b.damaged,
    failed: a.failed + b.failed,
  }
}
