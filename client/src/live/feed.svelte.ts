import { SvelteSet } from 'svelte/reactivity'
import type { CameraView } from '#protocol/api.ts'
import type { CameraMessage } from '#protocol/messages.ts'
import type { Clock, Timer } from '../clock.ts'
import { openBrowserSocket } from './browser-socket.ts'
import { CameraFeed, type TimingMode } from './camera-feed.svelte.ts'
import { fetchCameras } from './camera-list.ts'
import { countClasses, type ClassCount } from './class-counts.ts'
import { ServerClock } from './server-clock.ts'
import { DetectionSocket, type SocketStatus } from './socket.ts'
import type { SupportHook } from './support-hook.ts'
import { openWhep } from './whep.ts'

/** States change within this; figures every fourth time. */
const tickMs = 250
/** A beacon a camera. */
const beaconPeriodMs = 5_000
/** Per tick: 12 a second, below the 20 messages a second that the server takes from one client. */
const beaconsPerTickMax = 3
/** Names and viewers change without a message. */
const listPeriodMs = 10_000
/** Several cameras change in one instant when a switch comes back. */
const listDelayMs = 200
/** How long a removed camera says so before its tile goes. */
const farewellMs = 5_000

/** All that the page knows: one socket, one clock of the server, one feed a camera. */
export class Feed {
  cameras = $state.raw<readonly CameraFeed[]>([])
  socket = $state.raw<SocketStatus>({ kind: 'connecting' })
  /** Set from the first failure until the server says hello again. */
  lost = $state.raw<{ readonly sinceAtMs: number; readonly retryAtMs: number } | null>(null)
  /** The server said which cameras there are. */
  known = $state(false)
  timing = $state<TimingMode>('live')
  classes = $state.raw<readonly ClassCount[]>([])
  readonly hiddenClasses = new SvelteSet<string>()
  /** Moves once a second, for what counts seconds. */
  nowMs = $state(0)
  readonly clock: Clock
  readonly #serverClock = new ServerClock()
  readonly #socket: DetectionSocket
  readonly #whep
  readonly #byId = new Map<string, CameraFeed>()
  readonly #beaconAtMs = new Map<string, number>()
  #order: readonly string[] = []
  #timers: Timer[] = []
  #listTimer: Timer | null = null
  #ticks = 0

  constructor(clock: Clock) {
    this.clock = clock
    this.nowMs = clock.nowMs()
    this.#whep = openWhep({ clock, fetch: (url, request) => fetch(url, request) })
    this.#socket = new DetectionSocket({
      clock,
      openSocket: openBrowserSocket,
      random: Math.random,
      listener: {
        onStatus: (status) => {
          this.socket = status
          this.nowMs = clock.nowMs()
          if (status.kind === 'waiting') this.lost = status
          else if (status.kind === 'open') this.lost = null
        },
        onHello: ({ cameras, restarted }) => this.#hello(cameras, restarted ? 'other' : 'same'),
        onDetections: (message) => this.#byId.get(message.camera)?.detect(message, clock.nowMs()),
        onCamera: (message) => this.#hear(message),
        onExchange: (exchange) => this.#serverClock.observe(exchange),
      },
    })
  }

  start(): void {
    this.#socket.connect()
    this.#timers = [
      this.clock.every(tickMs, () => this.#tick()),
      this.clock.every(listPeriodMs, () => this.#refetch()),
    ]
  }

  setTiming(mode: TimingMode): void {
    this.timing = mode
    for (const camera of this.cameras) camera.setTiming(mode)
  }

  toggleClass(label: string): void {
    if (!this.hiddenClasses.delete(label)) this.hiddenClasses.add(label)
  }

  /** Online again, or in front again. */
  wake(): void {
    this.#socket.wake()
    for (const camera of this.cameras) camera.becameVisible()
  }

  /** The page is closing, or goes into the browser's cache. */
  leaveNow(): void {
    for (const camera of this.cameras) camera.leaveNow()
  }

  /** Out of the browser's cache: the sessions were left. */
  rejoin(): void {
    for (const camera of this.cameras) camera.rejoin()
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#listTimer?.cancel()
    this.#socket.close()
    for (const camera of this.cameras) camera.close()
  }

  support(): SupportHook {
    return {
      cameras: Object.fromEntries(this.cameras.map((camera) => [camera.id, camera.support()])),
      socket: {
        status: this.socket.kind,
        gaps: this.#socket.seqs.gaps,
        unparsed: this.#socket.unparsed,
        lastError: this.#socket.lastError,
        clockErrorMsMax: this.#serverClock.errorMsMax,
      },
    }
  }

  #hello(ids: readonly string[], server: 'same' | 'other'): void {
    if (server === 'other') {
      this.#serverClock.clear()
      for (const camera of this.cameras) camera.serverRestarted()
    }
    for (const id of this.#byId.keys()) if (!ids.includes(id)) this.#forget(id)
    for (const id of ids) this.#camera(id)
    this.known = true
    this.#list()
    this.#refetch()
  }

  #hear(message: CameraMessage): void {
    const camera = this.#camera(message.camera)
    const before = camera.message?.state
    camera.hear(message)
    this.#list()
    if (before !== message.state) this.#refetchSoon()
    if (message.state === 'removed')
      this.clock.after(farewellMs, () => {
        if (camera.message?.state === 'removed') this.#forget(camera.id)
        this.#list()
      })
  }

  #camera(id: string): CameraFeed {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const { clock } = this
    const camera = new CameraFeed(id, {
      clock,
      serverClock: this.#serverClock,
      whep: this.#whep,
      random: Math.random,
    })
    camera.setTiming(this.timing)
    this.#byId.set(id, camera)
    return camera
  }

  #forget(id: string): void {
    this.#byId.get(id)?.close()
    this.#byId.delete(id)
    this.#beaconAtMs.delete(id)
  }

  /** In the order of the API, those it did not name yet last. */
  #list(): void {
    const rank = (id: string): number => {
      const at = this.#order.indexOf(id)
      return at === -1 ? this.#order.length : at
    }
    const next = [...this.#byId.values()].sort((a, b) => rank(a.id) - rank(b.id))
    if (next.length !== this.cameras.length || next.some((camera, i) => camera !== this.cameras[i]))
      this.cameras = next
  }

  #refetchSoon(): void {
    this.#listTimer ??= this.clock.after(listDelayMs, () => this.#refetch())
  }

  #refetch(): void {
    this.#listTimer?.cancel()
    this.#listTimer = null
    if (document.visibilityState === 'hidden') return
    void fetchCameras((url) => fetch(url)).then((views) => this.#describe(views))
  }

  #describe(views: readonly CameraView[] | null): void {
    if (views === null) return
    this.#order = views.map(({ id }) => id)
    for (const view of views) this.#byId.get(view.id)?.describe(view)
    this.#list()
  }

  #tick(): void {
    // A page in the background sees no frames: what it would say of them is not true.
    if (document.visibilityState === 'hidden') return
    for (const camera of this.cameras) camera.refresh()
    if (this.#ticks++ % 4 === 0) this.#second()
    this.#sendBeacons()
  }

  #second(): void {
    this.nowMs = this.clock.nowMs()
    for (const camera of this.cameras) {
      camera.takeFigures()
      camera.setTiming(this.timing)
    }
    this.classes = countClasses(
      this.classes,
      this.cameras
        .filter(({ state }) => state.picture === 'live')
        .map(({ screen }) => screen.match),
    )
  }

  #sendBeacons(): void {
    const nowMs = this.clock.nowMs()
    let sent = 0
    for (const { id, screen } of this.cameras) {
      if (sent >= beaconsPerTickMax) return
      if (nowMs - (this.#beaconAtMs.get(id) ?? -Infinity) < beaconPeriodMs) continue
      this.#beaconAtMs.set(id, nowMs)
      const beacon = screen.takeBeacon(id)
      if (beacon !== null && this.#socket.send(beacon)) sent++
    }
  }
}
