import { jsonSubprotocol } from '#protocol/version.ts'
import {
  serverMessageSchema,
  type CameraMessage,
  type ClientMessage,
  type DetectionsMessage,
} from '#protocol/messages.ts'
import { parseJson } from '#protocol/parse.ts'
import type { Clock, Timer } from '../clock.ts'
import { retryDelayMs } from './retry-delay.ts'
import { SeqTracker } from './seq-tracker.ts'
import type { Exchange } from './server-clock.ts'

/** One WebSocket, as the browser has it; `onClose` comes exactly once, also when it never opened. */
export interface SocketPort {
  send(text: string): void
  close(): void
  /** Bytes the browser has not sent yet. */
  readonly bufferedAmount: number
}
export type OpenSocket = (
  subprotocol: string,
  on: { open(): void; message(text: string): void; close(): void },
) => SocketPort

export type SocketStatus =
  | { readonly kind: 'connecting' | 'open' }
  /** `sinceAtMs`: when the server was last reachable, or the first try. */
  | { readonly kind: 'waiting'; readonly sinceAtMs: number; readonly retryAtMs: number }

export interface SocketListener {
  onStatus(status: SocketStatus): void
  /** `restarted`: another server process than the one before. */
  onHello(hello: { readonly cameras: readonly string[]; readonly restarted: boolean }): void
  onDetections(message: DetectionsMessage): void
  onCamera(message: CameraMessage): void
  onExchange(exchange: Exchange): void
}

/** A try that neither opens nor fails, as behind a firewall that drops packets. */
const connectMsMax = 5_000
/** Three quick ones find a short round trip, so that the first figures on screen are right. */
const firstPingsAtMs = [0, 200, 600]
const pingPeriodMs = 5_000
/** Nothing at all, not even a pong to two pings: the connection is dead though nobody said so. */
const silenceMsMax = 11_000
/** Pings and beacons are worth nothing when they wait; a stalled uplink must not collect them. */
const bufferedBytesMax = 65_536

/** Keeps one subscription to all cameras: reconnects by itself and resumes where it was. */
export class DetectionSocket {
  readonly seqs = new SeqTracker()
  readonly #clock: Clock
  readonly #openSocket: OpenSocket
  readonly #random: () => number
  readonly #listener: SocketListener
  #port: SocketPort | null = null
  #open = false
  #timers: Timer[] = []
  #attempt = 0
  #reachableAtMs: number
  #heardAtMs = 0
  #pingId = 0
  #unparsed = 0
  #lastError: string | null = null
  #waiting = false
  #closed = false

  constructor(options: {
    readonly clock: Clock
    readonly openSocket: OpenSocket
    readonly random: () => number
    readonly listener: SocketListener
  }) {
    this.#clock = options.clock
    this.#openSocket = options.openSocket
    this.#random = options.random
    this.#listener = options.listener
    this.#reachableAtMs = options.clock.nowMs()
  }

  /** Messages that did not fit the protocol, and were left out. */
  get unparsed(): number {
    return this.#unparsed
  }

  /** The last thing the server complained about. */
  get lastError(): string | null {
    return this.#lastError
  }

  connect(): void {
    this.#cancelTimers()
    this.#waiting = false
    this.#listener.onStatus({ kind: 'connecting' })
    this.#timers.push(this.#clock.after(connectMsMax, () => this.#drop()))
    const port = this.#openSocket(jsonSubprotocol, {
      open: () => port === this.#port && this.#onOpen(),
      message: (text) => port === this.#port && this.#onMessage(text),
      close: () => port === this.#port && this.#onClose(),
    })
    this.#port = port
  }

  /** The browser is online again, or the page in front: not a moment to wait out a delay. */
  wake(): void {
    if (!this.#waiting || this.#closed) return
    this.#attempt = 0
    this.connect()
  }

  /** False: not sent, because there is no connection or it is behind. */
  send(message: ClientMessage): boolean {
    if (!this.#open || this.#port === null || this.#port.bufferedAmount > bufferedBytesMax)
      return false
    this.#port.send(JSON.stringify(message))
    return true
  }

  close(): void {
    this.#closed = true
    this.#open = false
    this.#cancelTimers()
    const port = this.#port
    this.#port = null
    port?.close()
  }

  #onOpen(): void {
    this.#cancelTimers()
    this.#open = true
    this.#heardAtMs = this.#clock.nowMs()
    const resume = this.seqs.resume()
    this.send({ type: 'subscribe', cameras: ['*'], ...(resume === undefined ? {} : { resume }) })
    for (const delayMs of firstPingsAtMs)
      this.#timers.push(this.#clock.after(delayMs, () => this.#ping()))
    this.#timers.push(
      this.#clock.every(pingPeriodMs, () => this.#ping()),
      this.#clock.every(1_000, () => {
        if (this.#clock.nowMs() - this.#heardAtMs >= silenceMsMax) this.#drop()
      }),
    )
  }

  #onMessage(text: string): void {
    const nowMs = this.#clock.nowMs()
    this.#heardAtMs = nowMs
    this.#reachableAtMs = nowMs
    const parsed = parseJson(serverMessageSchema, text)
    if (!parsed.ok) {
      this.#unparsed++
      return
    }
    const message = parsed.value
    switch (message.type) {
      case 'hello': {
        this.#attempt = 0
        const restarted = this.seqs.hello(message.server.bootId)
        this.#listener.onHello({ cameras: message.cameras, restarted })
        this.#listener.onStatus({ kind: 'open' })
        break
      }
      case 'detections':
        if (this.seqs.detections(message)) this.#listener.onDetections(message)
        break
      case 'camera':
        if (message.state === 'removed') this.seqs.forget(message.camera)
        this.#listener.onCamera(message)
        break
      case 'gap':
        this.seqs.gap(message)
        break
      case 'pong':
        this.#listener.onExchange({ ...message, receivedAtMs: nowMs })
        break
      case 'error':
        this.#lastError = `${message.code}: ${message.message}`
        break
    }
  }

  /** Ends a connection without waiting for the browser to agree: its close may take minutes to be reported. */
  #drop(): void {
    const port = this.#port
    this.#onClose()
    port?.close()
  }

  #onClose(): void {
    this.#cancelTimers()
    this.#port = null
    this.#open = false
    if (this.#closed) return
    const delayMs = retryDelayMs(this.#attempt++, this.#random())
    this.#waiting = true
    this.#timers.push(this.#clock.after(delayMs, () => this.connect()))
    this.#listener.onStatus({
      kind: 'waiting',
      sinceAtMs: this.#reachableAtMs,
      retryAtMs: this.#clock.nowMs() + delayMs,
    })
  }

  #ping(): void {
    this.send({ type: 'ping', id: ++this.#pingId, sentAtMs: this.#clock.nowMs() })
  }

  #cancelTimers(): void {
    for (const timer of this.#timers) timer.cancel()
    this.#timers = []
  }
}
