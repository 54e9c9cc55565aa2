import type { Clock, Timer } from '#std/clock.ts'
import { redactSecrets } from '#std/redact.ts'
import type { SourceCode } from '#protocol/camera-state.ts'
import { H264Depacketizer } from '../rtsp/h264-depacketizer.ts'
import { emptyRtpHeader, readRtpHeader, readSenderReport } from '../rtsp/rtp-packet.ts'
import { RtspConnection } from '../rtsp/rtsp-connection.ts'
import { RtspError } from '../rtsp/rtsp-error.ts'
import { headerOf, type RtspMessage, statusOf } from '../rtsp/rtsp-message.ts'
import { controlUrl, parameterSetsOf, parseSdp, type SdpMedia } from '../rtsp/sdp.ts'
import { parseRtspUrl, type RtspUrl } from './rtsp-url.ts'
import {
  type OpenAttempt,
  type OpenSource,
  type Source,
  SourceError,
  type SourceListener,
} from './source.ts'

/** Asked of cameras that do not say how long a session lives (RFC 2326 section 12.37). */
const sessionTimeoutDefaultSeconds = 60
const keepAliveMarginSeconds = 5
/** Some cameras announce a timeout of decades; a connection through a router wants a sign of life. */
const keepAliveSecondsMax = 600

/** An RTSP camera: TCP interleaved, H.264. */
export function rtspSource(options: { readonly url: string; readonly clock: Clock }): OpenSource {
  return async (listener, attempt) => {
    const url = parseRtspUrl(options.url)
    const session = new RtspSession(url, options.clock, listener, attempt)
    const onAbort = (): void => session.close()
    if (attempt.signal.aborted) onAbort()
    attempt.signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await session.open()
    } catch (error) {
      session.close()
      throw error instanceof RtspError ? sourceErrorOf(error) : error
    } finally {
      // Once it is open its owner ends it.
      attempt.signal.removeEventListener('abort', onAbort)
    }
  }
}

class RtspSession {
  readonly #url: RtspUrl
  readonly #clock: Clock
  readonly #listener: SourceListener
  readonly #connection: RtspConnection
  readonly #header = emptyRtpHeader()
  #depacketizer: H264Depacketizer | null = null
  #payloadType = -1
  #rtpChannel = 0
  #packetsLost = 0
  #base = ''
  #playUrl = ''
  #keepAlive: Timer | null = null
  #keepAliveMethod: 'OPTIONS' | 'GET_PARAMETER' = 'OPTIONS'

  constructor(url: RtspUrl, clock: Clock, listener: SourceListener, attempt: OpenAttempt) {
    this.#url = url
    this.#clock = clock
    this.#listener = listener
    this.#connection = new RtspConnection({
      host: url.host,
      port: url.port,
      credentials: url.credentials,
      clock,
      connectPatienceMs: attempt.connectPatienceMs,
      onPacket: (channel, buffer, start, end) => this.#onPacket(channel, buffer, start, end),
    })
  }

  async open(): Promise<Source> {
    await this.#connection.connected()
    const video = await this.#describe()
    await this.#setUp(video.media)
    await this.#play()
    const { closed } = this.#connection
    return {
      video: { codec: 'h264', announcedFps: video.media.framerate },
      ended: closed.then((error) => sourceErrorOf(error)),
      [Symbol.asyncDispose]: async () => {
        this.close()
        await closed
      },
    }
  }

  close(): void {
    this.#keepAlive?.[Symbol.dispose]()
    this.#keepAlive = null
    if (this.#playUrl !== '') this.#connection.notify('TEARDOWN', this.#playUrl)
    this.#connection[Symbol.dispose]()
  }

  async #describe(): Promise<{ readonly media: SdpMedia }> {
    const { requestUrl } = this.#url
    const answer = await this.#connection.request('DESCRIBE', requestUrl, {
      Accept: 'application/sdp',
    })
    this.#refuseUnless200('DESCRIBE', answer)
    const sdp = parseSdp(answer.body)
    const media = videoOf(sdp.media)
    this.#base =
      headerOf(answer, 'content-base') ?? headerOf(answer, 'content-location') ?? requestUrl
    this.#playUrl = controlUrl(this.#base, sdp.control)
    this.#payloadType = media.payloadType
    this.#depacketizer = new H264Depacketizer({
      onUnit: (unit) => this.#listener.onAccessUnit(unit),
      parameterSets: parameterSetsOf(media),
    })
    return { media }
  }

  async #setUp(media: SdpMedia): Promise<void> {
    const answer = await this.#connection.request('SETUP', controlUrl(this.#base, media.control), {
      Transport: 'RTP/AVP/TCP;unicast;interleaved=0-1',
    })
    this.#refuseUnless200('SETUP', answer)
    const [id = '', ...attributes] = (headerOf(answer, 'session') ?? '').split(';')
    if (id.trim() !== '') this.#connection.session = id.trim()
    const interleaved = /interleaved=(\d+)/.exec(headerOf(answer, 'transport') ?? '')
    this.#rtpChannel = Number(interleaved?.[1] ?? 0)
    const timeout = /timeout=(\d+)/.exec(attributes.join(';'))
    this.#startKeepAlive(Number(timeout?.[1] ?? sessionTimeoutDefaultSeconds))
  }

  async #play(): Promise<void> {
    const answer = await this.#connection.request('PLAY', this.#playUrl, { Range: 'npt=0.000-' })
    this.#refuseUnless200('PLAY', answer)
  }

  /** The first one is OPTIONS, whose answer says whether the camera knows GET_PARAMETER. */
  #startKeepAlive(timeoutSeconds: number): void {
    const seconds = timeoutSeconds - keepAliveMarginSeconds
    const periodMs = Math.min(keepAliveSecondsMax, Math.max(1, seconds)) * 1000
    this.#keepAlive = this.#clock.every(periodMs, () => {
      void this.#sendKeepAlive()
    })
  }

  async #sendKeepAlive(): Promise<void> {
    try {
      const answer = await this.#connection.request(this.#keepAliveMethod, this.#playUrl)
      if (headerOf(answer, 'public')?.includes('GET_PARAMETER') === true)
        this.#keepAliveMethod = 'GET_PARAMETER'
    } catch (error) {
      // A camera that sends video and leaves a keep-alive unanswered is none to cut off: the stall rule decides.
      if (!(error instanceof RtspError)) throw error
    }
  }

  #onPacket(channel: number, buffer: Buffer, start: number, end: number): void {
    const depacketizer = this.#depacketizer
    if (depacketizer === null) return
    const nowMs = this.#clock.nowMs()
    if (channel === this.#rtpChannel + 1) return this.#onRtcp(buffer, start, end, nowMs)
    const header = this.#header
    if (channel !== this.#rtpChannel || !readRtpHeader(buffer, start, end, header)) return
    if (header.payloadType !== this.#payloadType) return
    depacketizer.push(buffer, header, nowMs)
    const lost = depacketizer.packetsLost - this.#packetsLost
    if (lost === 0) return
    this.#packetsLost = depacketizer.packetsLost
    this.#listener.onPacketsLost(lost)
  }

  #onRtcp(buffer: Buffer, start: number, end: number, arrivedAtMs: number): void {
    const report = readSenderReport(buffer, start, end)
    if (report !== null) this.#listener.onSenderReport({ ...report, arrivedAtMs })
  }

  #refuseUnless200(method: string, answer: RtspMessage): void {
    const status = statusOf(answer) ?? 0
    if (status >= 200 && status < 300) return
    const user = this.#url.credentials?.user
    if (status === 401 || status === 403)
      throw new SourceError(
        'unauthorized',
        user === undefined
          ? 'The camera asks for a user and a password, and its address has none.'
          : `The camera refused user “${user}”.`,
      )
    if (status === 404 || status === 410 || status === 454)
      throw new SourceError('not_found', `The camera answers, but not at ${pathOnly(this.#url)}.`)
    if (status === 461)
      throw new SourceError('protocol', 'The camera does not offer RTP over TCP.', {
        retryable: true,
      })
    throw new SourceError('protocol', `The camera answered ${method} with status ${status}.`, {
      retryable: true,
    })
  }
}

/** The first H.264 section; throws what is wrong with the others. */
function videoOf(media: readonly SdpMedia[]): SdpMedia {
  const videos = media.filter((section) => section.kind === 'video')
  if (videos.length === 0) throw new SourceError('no_video', 'The camera sends no video.')
  const h264 = videos.find((section) => section.encoding === 'H264')
  if (h264 !== undefined) return h264
  const encoding = videos[0]?.encoding
  const name =
    encoding === 'H265' || encoding === 'HEVC' ? 'H.265' : (encoding ?? 'an unnamed codec')
  throw new SourceError(
    'unsupported_codec',
    name === 'H.265'
      ? 'The camera sends H.265, which is not supported yet. Set it to H.264.'
      : `The camera sends ${name}. Set it to H.264.`,
  )
}

/** A query often holds a password of its own, and so do the paths of some recorders. */
function pathOnly(url: RtspUrl): string {
  return redactSecrets(url.path.split('?')[0] ?? '/')
}

function sourceErrorOf(error: RtspError): SourceError {
  const codes: Readonly<Record<typeof error.code, SourceCode>> = {
    connect: 'unreachable',
    timeout: 'unreachable',
    closed: 'ended',
    malformed: 'protocol',
    too_large: 'protocol',
  }
  const sentence = error.message.charAt(0).toUpperCase() + error.message.slice(1)
  return new SourceError(codes[error.code], `${sentence}.`, { retryable: true, cause: error })
}
