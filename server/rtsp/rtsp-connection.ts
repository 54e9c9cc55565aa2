import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { Clock, Timer } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { authorizationOf, type Challenge, chooseChallenge, type Credentials } from './digest.ts'
import { RtspError } from './rtsp-error.ts'
import { headerOf, requestOf, type RtspMessage, statusOf } from './rtsp-message.ts'
import { RtspReader } from './rtsp-reader.ts'

/** A camera that takes longer for one answer is treated as gone. */
const answerLimitMs = 5000
/** For the last request to leave; a camera that is gone takes nothing. */
const goodbyeLimitMs = 500
const userAgent = 'Sightline'

export interface RtspConnectionOptions {
  readonly host: string
  readonly port: number
  readonly credentials: Credentials | null
  readonly clock: Clock
  readonly connectPatienceMs: number
  readonly onPacket: (channel: number, buffer: Buffer, start: number, end: number) => void
}

interface Pending {
  readonly resolve: (message: RtspMessage) => void
  readonly reject: (error: RtspError) => void
  readonly timer: Timer
}

/** One RTSP connection over TCP: requests with their answers, authentication, interleaved packets. */
export class RtspConnection implements Disposable {
  /** Resolves when the connection is over, with the reason. */
  readonly closed: Promise<RtspError>
  readonly #options: RtspConnectionOptions
  readonly #socket: Socket
  readonly #pending = new Map<number, Pending>()
  readonly #connected: Promise<void>
  #end: (error: RtspError) => void = () => {}
  #challenge: Challenge | null = null
  #nonceCount = 0
  #sequence = 0
  #session: string | null = null
  #isConnected = false
  #isOver = false

  constructor(options: RtspConnectionOptions) {
    this.#options = options
    const reader = new RtspReader({
      onPacket: options.onPacket,
      onMessage: (message) => this.#onMessage(message),
    })
    this.closed = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      keepAlive: true,
      // Reads land in the reader's buffer: no chunk is allocated for each of them.
      onread: {
        buffer: () => reader.target(),
        callback: (count) => {
          this.#feed(reader, count)
          return true
        },
      },
    })
    this.#connected = this.#watch()
  }

  /** Resolves when the connection stands. Throws RtspError `connect`, `timeout` or `closed`. */
  connected(): Promise<void> {
    return this.#connected
  }

  /** The value of `Session:` that every following request carries. */
  set session(id: string) {
    this.#session = id
  }

  /**
   * Sends and waits for the answer, whatever its status; a 401 is answered with credentials once, and once more when
   * the camera says that its nonce ran out. Throws RtspError `timeout` or `closed`.
   */
  async request(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RtspMessage> {
    let answer = await this.#send(method, uri, headers)
    for (let tries = 0; tries < 2 && statusOf(answer) === 401; tries++) {
      const challenge = chooseChallenge(answer.headers.get('www-authenticate') ?? [])
      if (challenge === null || this.#options.credentials === null) break
      // Refused after an answer: the password is wrong, and asking on could lock the account.
      if (tries > 0 && !(challenge.scheme === 'digest' && challenge.isStale)) break
      this.#challenge = challenge
      this.#nonceCount = 0
      answer = await this.#send(method, uri, headers)
    }
    return answer
  }

  /** Without waiting for an answer: a TEARDOWN of a connection that is being closed. */
  notify(method: string, uri: string): void {
    if (!this.#isOver) this.#write(method, uri, {}, ++this.#sequence)
  }

  [Symbol.dispose](): void {
    this.#close(new RtspError('closed', 'closed by this server'))
  }

  #watch(): Promise<void> {
    const { clock, connectPatienceMs, host, port } = this.#options
    const patience = clock.after(connectPatienceMs, () =>
      this.#close(new RtspError('timeout', `${host}:${port} does not answer`, { retryable: true })),
    )
    void this.closed.finally(() => patience[Symbol.dispose]())
    this.#socket.on('error', (error) => {
      const sentence = connectSentence(error, host, port)
      const code = this.#isConnected ? 'closed' : 'connect'
      this.#close(new RtspError(code, sentence, { retryable: true }))
    })
    this.#socket.on('close', () =>
      this.#close(new RtspError('closed', 'the camera closed the connection', { retryable: true })),
    )
    return new Promise((resolve, reject) => {
      this.#socket.once('connect', () => {
        this.#isConnected = true
        patience[Symbol.dispose]()
        resolve()
      })
      void this.closed.then(reject)
    })
  }

  #feed(reader: RtspReader, count: number): void {
    if (this.#isOver) return
    try {
      reader.received(count)
    } catch (error) {
      if (!(error instanceof RtspError)) throw error
      this.#close(error)
    }
  }

  #send(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<RtspMessage> {
    const sequence = ++this.#sequence
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new RtspError('closed', 'the connection is closed'))
      const timer = this.#options.clock.after(answerLimitMs, () => {
        this.#pending.delete(sequence)
        reject(
          new RtspError('timeout', `the camera does not answer ${method}`, { retryable: true }),
        )
      })
      this.#pending.set(sequence, { resolve, reject, timer })
      this.#write(method, uri, headers, sequence)
    })
  }

  #write(
    method: string,
    uri: string,
    headers: Readonly<Record<string, string>>,
    sequence: number,
  ): void {
    const lines = [`${method} ${uri} RTSP/1.0`, `CSeq: ${sequence}`, `User-Agent: ${userAgent}`]
    if (this.#session !== null) lines.push(`Session: ${this.#session}`)
    if (this.#challenge !== null && this.#options.credentials !== null) {
      const authorization = authorizationOf(this.#challenge, this.#options.credentials, {
        method,
        uri,
        nonceCount: ++this.#nonceCount,
        clientNonce: randomBytes(8).toString('hex'),
      })
      lines.push(`Authorization: ${authorization}`)
    }
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  }

  #onMessage(message: RtspMessage): void {
    const sequence = Number(headerOf(message, 'cseq') ?? Number.NaN)
    if (statusOf(message) === null) {
      if (requestOf(message) === null)
        return this.#close(new RtspError('malformed', 'what answers there does not speak RTSP'))
      // A request of the camera's (OPTIONS, SET_PARAMETER, REDIRECT): none is needed, each wants an answer.
      this.#socket.write(`RTSP/1.0 501 Not Implemented\r\nCSeq: ${sequence || 0}\r\n\r\n`)
      return
    }
    const pending = this.#pending.get(sequence)
    if (pending === undefined) return
    this.#pending.delete(sequence)
    pending.timer[Symbol.dispose]()
    pending.resolve(message)
  }

  /**
   * A camera that is told goodbye (TEARDOWN) must get the bytes, within a limit. A socket that is still connecting has
   * none to send and would wait for the system's own time-out, two minutes, to end in order.
   */
  #closeSocket(): void {
    const socket = this.#socket
    if (!this.#isConnected) return void socket.destroy()
    const limit = this.#options.clock.after(goodbyeLimitMs, () => socket.destroy())
    socket.once('close', () => limit[Symbol.dispose]())
    socket.destroySoon()
  }

  #close(error: RtspError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#closeSocket()
    for (const { reject, timer } of this.#pending.values()) {
      timer[Symbol.dispose]()
      reject(error)
    }
    this.#pending.clear()
    this.#end(error)
  }
}

/** The system's errors that a person meets, in words; others by their code. */
function connectSentence(error: Error, host: string, port: number): string {
  const code = 'code' in error ? String(error.code) : messageOf(error)
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens at ${host}:${port}`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${host} is not known`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `there is no route to ${host}`
    case 'ECONNRESET':
    case 'EPIPE':
      return `${host}:${port} broke the connection off`
    default:
      return `no connection to ${host}:${port} (${code})`
  }
}
