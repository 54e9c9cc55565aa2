import type { Clock, Timer } from '#std/clock.ts'
import type { ClientSocket } from './client-socket.ts'
import { ConflateLane } from './conflate-lane.ts'
import { pingFrame } from './frame.ts'
import {
  bufferedBehindBytes,
  bufferedLostBytes,
  closeGraceMs,
  conflateCreditBytes,
  conflatePeriodMs,
  idlePingMs,
  pingPeriodMs,
  pongBehindMs,
  pongLostMs,
  stateLaneMax,
} from './outbox-limits.ts'
import type { Turn, TurnMember } from './turn.ts'

/** Shared by all outboxes of a publisher; only ever rising. */
export interface OutboxCounters {
  messages: number
  bytes: number
  /** Results replaced by a newer one before a client that was behind could take them. */
  conflated: number
  /** Clients given up because they were too far behind. */
  evicted: number
}

/**
 * The way to one client. Keeps up: each message is written in the turn it came in. Behind: the latest result per
 * camera, one write per 33 ms, state messages in full. Far behind: closed with 1013.
 */
export class Outbox implements Disposable, TurnMember {
  readonly #clock: Clock
  readonly #socket: ClientSocket
  readonly #turn: Turn
  readonly #counters: OutboxCounters
  readonly #lane = new ConflateLane()
  #stateLane: Buffer[] = []
  /** What leaves at the end of this turn. */
  #turnFrames: Buffer[] = []
  #conflateTimer: Timer | null = null
  #terminateTimer: Timer | null = null
  #isClosing = false
  #writtenBytes = 0
  /** What a pong has shown to be read. */
  #confirmedBytes = 0
  #pingCount = 0
  #lastPingAtMs: number
  #outstanding: { readonly id: number; readonly atMs: number; readonly bytes: number } | null = null

  constructor(options: {
    readonly clock: Clock
    readonly socket: ClientSocket
    readonly turn: Turn
    readonly counters: OutboxCounters
  }) {
    this.#clock = options.clock
    this.#socket = options.socket
    this.#turn = options.turn
    this.#counters = options.counters
    this.#lastPingAtMs = options.clock.nowMs()
  }

  get isConflating(): boolean {
    return this.#conflateTimer !== null
  }

  /** A message that is never left out: hello, camera, error, pong. */
  send(frame: Buffer): void {
    if (this.#isDone) return
    if (!this.#isBehind()) return this.#write(frame)
    if (this.#stateLane.length >= stateLaneMax) return this.#evict()
    this.#stateLane.push(frame)
  }

  /** One result of a camera; gives way to a newer one while the client is behind. */
  offer(cameraId: string, seq: number, frame: Buffer): void {
    if (this.#isDone) return
    if (!this.#isBehind()) return this.#write(frame)
    if (this.#lane.put(cameraId, seq, frame)) this.#counters.conflated++
  }

  /** Waiting results of other cameras are of no interest any more. */
  keepOnly(wants: (cameraId: string) => boolean): void {
    this.#lane.keepOnly(wants)
  }

  onPong(id: number): void {
    const ping = this.#outstanding
    if (ping === null || ping.id !== id || this.#isDone) return
    this.#outstanding = null
    this.#confirmedBytes = ping.bytes
    if (!this.isConflating) return
    const isYoung = this.#clock.nowMs() - ping.atMs <= pongBehindMs
    const isDrained =
      this.#unconfirmedBytes <= conflateCreditBytes &&
      this.#socket.bufferedBytes <= conflateCreditBytes
    if (isYoung && isDrained) this.#leaveConflating()
    else this.#drain(conflateCreditBytes)
  }

  /** Once a second: who is lost is given up, who was sent nothing is pinged. */
  sweep(): void {
    if (this.#isDone || this.#evictIfLost()) return
    // A second early rather than late: the next sweep is a second away.
    const isIdle = this.#clock.nowMs() - this.#lastPingAtMs >= idlePingMs - 1_000
    if (isIdle) this.#ping({ minPeriodMs: 0 })
  }

  endTurn(): void {
    if (this.#turnFrames.length === 0) return
    this.#ping({ minPeriodMs: pingPeriodMs })
    this.#flush()
    if (!this.#isDone) this.#evictIfLost()
  }

  /** Says goodbye; the connection is cut a second later if the client does not answer. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return
    this.#flush()
    this.#isClosing = true
    this.#stopConflating()
    this.#socket.close(code, reason)
    this.#terminateTimer = this.#clock.after(closeGraceMs, () => this.#socket.terminate())
  }

  /** The connection is gone. */
  [Symbol.dispose](): void {
    this.#isClosing = true
    this.#stopConflating()
    this.#terminateTimer?.[Symbol.dispose]()
    this.#terminateTimer = null
  }

  get #isDone(): boolean {
    return this.#isClosing || !this.#socket.isOpen
  }

  get #unconfirmedBytes(): number {
    return this.#writtenBytes - this.#confirmedBytes
  }

  get #pingAgeMs(): number {
    return this.#outstanding === null ? 0 : this.#clock.nowMs() - this.#outstanding.atMs
  }

  /** Decided at the start of a turn: what the turn itself has written does not count against the client. */
  #isBehind(): boolean {
    if (this.isConflating) return true
    if (this.#turnFrames.length > 0) return false
    if (this.#pingAgeMs <= pongBehindMs && this.#socket.bufferedBytes <= bufferedBehindBytes)
      return false
    this.#conflateTimer = this.#clock.every(conflatePeriodMs, () => {
      if (!this.#isDone && !this.#evictIfLost()) this.#drain(conflateCreditBytes)
    })
    return true
  }

  #leaveConflating(): void {
    this.#drain(Infinity)
    this.#stopConflating()
  }

  #stopConflating(): void {
    this.#conflateTimer?.[Symbol.dispose]()
    this.#conflateTimer = null
    this.#lane.clear()
    this.#stateLane = []
  }

  /** Writes what waits, states first, as far as `creditBytes` beyond the confirmed bytes allow. */
  #drain(creditBytes: number): void {
    const allows = (bytes: number): boolean =>
      this.#unconfirmedBytes === 0 || this.#unconfirmedBytes + bytes <= creditBytes
    let sent = 0
    for (const frame of this.#stateLane) {
      if (!allows(frame.length)) break
      this.#write(frame)
      sent++
    }
    this.#stateLane.splice(0, sent)
    if (this.#stateLane.length === 0)
      this.#lane.take((frames, bytes) => {
        if (!allows(bytes)) return false
        for (const frame of frames) this.#write(frame)
        return true
      })
    this.#ping({ minPeriodMs: pingPeriodMs })
  }

  #write(frame: Buffer): void {
    this.#join(frame)
    this.#writtenBytes += frame.length
    this.#counters.messages++
    this.#counters.bytes += frame.length
  }

  #join(frame: Buffer): void {
    if (this.#turnFrames.length === 0) this.#turn.add(this)
    this.#turnFrames.push(frame)
  }

  #flush(): void {
    if (this.#turnFrames.length === 0) return
    const frames = this.#turnFrames
    this.#turnFrames = []
    if (!this.#isDone) this.#socket.write(frames)
  }

  #ping(options: { readonly minPeriodMs: number }): void {
    const nowMs = this.#clock.nowMs()
    if (this.#outstanding !== null || this.#isDone) return
    if (nowMs - this.#lastPingAtMs < options.minPeriodMs) return
    this.#pingCount = (this.#pingCount + 1) >>> 0
    this.#outstanding = { id: this.#pingCount, atMs: nowMs, bytes: this.#writtenBytes }
    this.#lastPingAtMs = nowMs
    this.#join(pingFrame(this.#pingCount))
  }

  #evictIfLost(): boolean {
    const isLost = this.#pingAgeMs > pongLostMs || this.#socket.bufferedBytes > bufferedLostBytes
    if (isLost) this.#evict()
    return isLost
  }

  #evict(): void {
    this.#counters.evicted++
    this.close(1013, 'too far behind')
  }
}
