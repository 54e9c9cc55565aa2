import { randomBytes, randomInt } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Clock } from '#std/clock.ts'
import { formatResponse, requestOf, type RtspRequest } from '../rtsp/rtsp-message.ts'
import { RtspError } from '../rtsp/rtsp-error.ts'
import { RtspReader } from '../rtsp/rtsp-reader.ts'
import { type Clip } from './clip.ts'
import { ClipPlayer, type SentFrame } from './clip-player.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import { InterleavedWriter } from './interleaved-writer.ts'

/** About four seconds of a 8 Mbit/s camera. A client that is further behind is cut: the camera's frames have no end. */
const unsentBytesMax = 4 * 1024 * 1024
const sessionTimeoutSeconds = 60
const methods = 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN'

/** What is served under one name. A stream without a clip can be described and set up, and then stays silent. */
export interface ServedStream {
  readonly sdp: string
  readonly clip: Clip | null
  readonly fps: number
  /** As `ClipPlayerOptions.phase`. */
  readonly phase?: number
}

export interface ClientSessionOptions {
  readonly socket: Socket
  readonly clock: Clock
  readonly streams: ReadonlyMap<string, ServedStream>
  readonly gatekeeper: Gatekeeper
  readonly onSent: (sent: SentFrame, streamName: string) => void
  /** It begins as if stalled. */
  readonly startsPaused: () => boolean
}

type Answer = readonly [
  status: number,
  reason: string,
  headers?: Readonly<Record<string, string>>,
  body?: string,
]

/** One RTSP connection of a client (RFC 2326), media interleaved in it. */
export class ClientSession implements Disposable {
  readonly #options: ClientSessionOptions
  readonly #id = randomBytes(8).toString('hex')
  readonly #reader: RtspReader
  #channel: number | null = null
  #streamName = ''
  #player: ClipPlayer | null = null

  constructor(options: ClientSessionOptions) {
    this.#options = options
    this.#reader = new RtspReader({
      onMessage: (message) => {
        const request = requestOf(message)
        if (request !== null) this.#onRequest(request)
      },
      // Receiver reports: nothing here depends on them.
      onPacket: () => {},
    })
    options.socket.setNoDelay(true)
    options.socket.on('data', (chunk) => this.#onData(chunk))
    options.socket.on('close', () => this.#player?.[Symbol.dispose]())
    // The close that follows ends the session; a client may go as it likes.
    options.socket.on('error', () => this.#player?.[Symbol.dispose]())
  }

  pause(): void {
    this.#player?.pause()
  }

  resume(): void {
    this.#player?.resume()
  }

  [Symbol.dispose](): void {
    this.#player?.[Symbol.dispose]()
    this.#options.socket.destroy()
  }

  #onData(chunk: Buffer): void {
    try {
      this.#reader.push(chunk)
    } catch (error) {
      if (!(error instanceof RtspError)) throw error
      this[Symbol.dispose]()
    }
  }

  #onRequest(request: RtspRequest): void {
    const [status, reason, headers = {}, body = ''] = this.#answer(request)
    const common = { CSeq: request.header('cseq') ?? '0', ...headers }
    this.#write(Buffer.from(formatResponse({ status, reason, headers: common, body })))
    if (request.method === 'PLAY' && status === 200) this.#play()
    if (request.method === 'TEARDOWN') this.#player?.[Symbol.dispose]()
  }

  #answer(request: RtspRequest): Answer {
    if (request.method === 'OPTIONS') return [200, 'OK', { Public: methods }]
    const { gatekeeper } = this.#options
    if (!gatekeeper.lets(request))
      return [401, 'Unauthorized', { 'WWW-Authenticate': gatekeeper.challenge }]
    switch (request.method) {
      case 'DESCRIBE':
        return this.#describe(request)
      case 'SETUP':
        return this.#setup(request)
      case 'PLAY':
        return this.#channel === null
          ? [454, 'Session Not Found']
          : [200, 'OK', { Session: this.#id, Range: 'npt=0-' }]
      case 'GET_PARAMETER':
      case 'TEARDOWN':
        return [200, 'OK', { Session: this.#id }]
      default:
        return [501, 'Not Implemented']
    }
  }

  #describe(request: RtspRequest): Answer {
    const stream = this.#options.streams.get(streamNameOf(request.uri))
    if (stream === undefined) return [404, 'Not Found']
    const base = `${request.uri.replace(/\/$/, '')}/`
    return [200, 'OK', { 'Content-Type': 'application/sdp', 'Content-Base': base }, stream.sdp]
  }

  #setup(request: RtspRequest): Answer {
    const name = streamNameOf(request.uri)
    if (!this.#options.streams.has(name)) return [404, 'Not Found']
    const transport = request.header('transport') ?? ''
    // UDP has its place here; today's clients all take TCP after this answer.
    if (!transport.includes('RTP/AVP/TCP')) return [461, 'Unsupported Transport']
    const channel = Number(/interleaved=(\d{1,3})/.exec(transport)?.[1] ?? 0) & 0xfe
    this.#channel = channel
    this.#streamName = name
    return [
      200,
      'OK',
      {
        Transport: `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`,
        Session: `${this.#id};timeout=${sessionTimeoutSeconds}`,
      },
    ]
  }

  #play(): void {
    const stream = this.#options.streams.get(this.#streamName)
    if (this.#channel === null || this.#player !== null || !stream?.clip) return
    const { clock, onSent } = this.#options
    const writer = new InterleavedWriter({
      channel: this.#channel,
      ssrc: randomInt(2 ** 32),
      firstSequenceNumber: randomInt(2 ** 16),
    })
    this.#player = new ClipPlayer({
      clip: stream.clip,
      fps: stream.fps,
      ...(stream.phase === undefined ? {} : { phase: stream.phase }),
      clock,
      writer,
      firstRtpTimestamp: randomInt(2 ** 32),
      isPaused: this.#options.startsPaused(),
      write: (data) => this.#write(data),
      onSent: (sent) => onSent(sent, this.#streamName),
    })
  }

  #write(data: Buffer): void {
    const { socket } = this.#options
    if (socket.destroyed) return
    if (socket.writableLength > unsentBytesMax) return this[Symbol.dispose]()
    socket.write(data)
  }
}

/** `rtsp://host/street/trackID=0` -> `street`; empty for what is no address. */
function streamNameOf(uri: string): string {
  return URL.parse(uri)?.pathname.split('/')[1] ?? ''
}
