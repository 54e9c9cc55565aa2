import type { Clock, Timer } from '../clock.ts'
import { retryDelayMs } from './retry-delay.ts'
import type { Whep } from './whep.ts'

/** One RTCPeerConnection with one recvonly video section. */
export interface Peer<Stream> {
  offer(): Promise<string>
  accept(answerSdp: string): Promise<void>
  setWaitMs(waitMs: number): void
  progress(): Promise<PeerProgress>
  close(): void
  onStream: ((stream: Stream) => void) | null
  onState: ((state: RTCPeerConnectionState) => void) | null
}

/** Counters that only rise while media flows. */
export interface PeerProgress {
  readonly packetsReceived: number
  readonly framesDecoded: number
}

export type PlayerStatus =
  | { readonly kind: 'off' | 'joining' }
  /** Connected; pictures flow, or the next key frame is awaited. */
  | { readonly kind: 'joined' }
  | { readonly kind: 'waiting'; readonly retryAtMs: number; readonly message: string }

export interface PlayerOptions<Stream> {
  readonly cameraId: string
  readonly clock: Clock
  readonly whep: Whep
  readonly random: () => number
  readonly openPeer: () => Peer<Stream>
  readonly onStream: (stream: Stream) => void
  /** The connection is about to end: the last moment to keep its picture. */
  readonly onLeave: () => void
  readonly onStatus: (status: PlayerStatus) => void
}

/** ICE and DTLS on a slow link; a server that is gone does not answer at all. */
const connectMsMax = 8_000
/** ICE says `disconnected` after a few lost checks, and often comes back. */
const disconnectedMsMax = 2_000
/** A camera that is live sends; four intervals of a slow one. */
const silentMsMax = 2_000
/** Until the first picture the consumer waits for a key frame, and cameras with 20 s between two exist. */
const firstPacketMsMax = 30_000
/** Packets come and no picture: a decoder that waits for a key frame which never reached it. */
const undecodedMsMax = 30_000

/** Why one connection ended, in words for support. */
type End = string

/**
 * Keeps one camera's pictures coming over WHEP: joins, watches, and joins again by itself with growing delays when the
 * connection fails, falls silent while the camera is live, or the server is another one.
 */
export class Player<Stream> {
  readonly #options: PlayerOptions<Stream>
  #endSession: ((end: End) => void) | null = null
  #wakeUp: (() => void) | null = null
  #peer: Peer<Stream> | null = null
  #resourceUrl: string | null = null
  #waitMs = 0
  #attempt = 0
  #joins = 0
  #lastEnd: End | null = null
  #running = false
  #live: { readonly sinceMs: number; readonly silentMsMax: number } | null = null

  constructor(options: PlayerOptions<Stream>) {
    this.#options = options
  }

  /** Connections made, the first one counted. */
  get joins(): number {
    return this.#joins
  }

  get lastEnd(): string | null {
    return this.#lastEnd
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#attempt = 0
    void this.#run()
  }

  stop(): void {
    this.#running = false
    this.#endSession?.('stopped')
    this.#wakeUp?.()
  }

  /** The server is another process, or its relay is: what there is will not come back. */
  restart(end: End): void {
    this.#endSession?.(end)
    this.wake()
  }

  /** The browser is online again, or the page in front: try now. */
  wake(): void {
    this.#attempt = 0
    this.#wakeUp?.()
  }

  /** The page is closing. */
  leaveNow(): void {
    if (this.#resourceUrl !== null) this.#options.whep.leave(this.#resourceUrl)
    this.#resourceUrl = null
  }

  /** Whether pictures ought to flow, and how many a second: null where nobody knows. */
  expect(expected: { readonly live: boolean; readonly fps: number | null }): void {
    const limitMs = Math.max(silentMsMax, expected.fps ? 4_000 / expected.fps : 0)
    if (!expected.live) this.#live = null
    else
      this.#live = {
        sinceMs: this.#live?.sinceMs ?? this.#options.clock.nowMs(),
        silentMsMax: limitMs,
      }
  }

  /** How long pictures wait on purpose; 0 = as short as the browser can. */
  setWaitMs(waitMs: number): void {
    this.#waitMs = waitMs
    this.#peer?.setWaitMs(waitMs)
  }

  async #run(): Promise<void> {
    while (this.#running) {
      this.#options.onStatus({ kind: 'joining' })
      this.#lastEnd = await this.#session()
      if (!this.#running) break
      await this.#pause(this.#lastEnd)
    }
    this.#options.onStatus({ kind: 'off' })
  }

  /** From join to end; resolves with the reason and leaves nothing open. */
  async #session(): Promise<End> {
    const peer = this.#options.openPeer()
    const ended = new Promise<End>((resolve) => {
      this.#endSession = resolve
    })
    this.#peer = peer
    peer.setWaitMs(this.#waitMs)
    peer.onStream = (stream) => this.#options.onStream(stream)
    try {
      const failure = await Promise.race([this.#join(peer), ended])
      return failure ?? (await this.#watch(peer, ended))
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    } finally {
      this.#options.onLeave()
      this.#endSession = null
      this.#peer = null
      peer.onStream = null
      peer.onState = null
      peer.close()
      this.leaveNow()
    }
  }

  /** Null when joined. */
  async #join(peer: Peer<Stream>): Promise<End | null> {
    const joined = await this.#options.whep.join(this.#options.cameraId, await peer.offer())
    if (!joined.ok) return joined.message
    if (peer !== this.#peer) {
      // Given up while the server answered: its session must not stay behind.
      if (joined.resourceUrl !== null) this.#options.whep.leave(joined.resourceUrl)
      return 'stopped'
    }
    this.#resourceUrl = joined.resourceUrl
    await peer.accept(joined.answerSdp)
    this.#joins++
    return null
  }

  async #watch(peer: Peer<Stream>, ended: Promise<End>): Promise<End> {
    const { clock } = this.#options
    const timers: Timer[] = []
    const end = (why: End): void => this.#endSession?.(why)
    let lost: Timer | null = clock.after(connectMsMax, () => end('no connection'))
    peer.onState = (state) => {
      if (state === 'connected') {
        lost?.cancel()
        lost = null
        this.#options.onStatus({ kind: 'joined' })
      } else if (state === 'disconnected')
        lost ??= clock.after(disconnectedMsMax, () => end('disconnected'))
      else if (state === 'failed' || state === 'closed') end(`connection ${state}`)
    }
    timers.push(clock.every(500, this.#watchdog(peer, end)))
    try {
      return await ended
    } finally {
      lost?.cancel()
      for (const timer of timers) timer.cancel()
    }
  }

  /** Counters instead of displayed frames: a page in the background displays nothing and is well. */
  #watchdog(peer: Peer<Stream>, end: (why: End) => void): () => void {
    const { clock } = this.#options
    let last: PeerProgress = { packetsReceived: 0, framesDecoded: 0 }
    let packetAtMs = clock.nowMs()
    let pictureAtMs = clock.nowMs()
    const look = (now: PeerProgress): void => {
      const nowMs = clock.nowMs()
      if (now.packetsReceived !== last.packetsReceived) packetAtMs = nowMs
      if (now.framesDecoded !== last.framesDecoded) {
        pictureAtMs = nowMs
        this.#attempt = 0
      }
      last = now
      if (this.#live === null) return
      const silentMs = nowMs - Math.max(packetAtMs, this.#live.sinceMs)
      const undecodedMs = nowMs - Math.max(pictureAtMs, this.#live.sinceMs)
      const limitMs = now.packetsReceived === 0 ? firstPacketMsMax : this.#live.silentMsMax
      if (silentMs >= limitMs) end('no packets')
      else if (undecodedMs >= undecodedMsMax) end('no pictures')
    }
    return () => {
      peer.progress().then(look, () => end('no statistics'))
    }
  }

  #pause(message: string): Promise<void> {
    const { clock, random, onStatus } = this.#options
    const delayMs = retryDelayMs(this.#attempt++, random())
    onStatus({ kind: 'waiting', retryAtMs: clock.nowMs() + delayMs, message })
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel()
        this.#wakeUp = null
        resolve()
      }
      const timer = clock.after(delayMs, done)
      this.#wakeUp = done
    })
  }
}
