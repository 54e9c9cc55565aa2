import { parse, type MediaDescription, type SessionDescription } from 'sdp-transform'
import { chooseH264, type OfferedH264 } from './choose-h264.ts'
import { RelayError } from './relay.ts'
import { sdpText } from './sdp-text.ts'

/** Browsers' offers of one section have 3 to 8 kB. */
export const offerBytesMax = 64 * 1024

export interface DtlsFingerprint {
  readonly algorithm: 'sha-1' | 'sha-224' | 'sha-256' | 'sha-384' | 'sha-512'
  /** Pairs of upper-case hexadecimal digits joined by colons: mediasoup compares text. */
  readonly value: string
}

export interface RtcpFeedback {
  readonly type: string
  /** Empty for a plain `nack`. */
  readonly parameter: string
}

/** What the answer and the SFU need of a player's offer (draft-ietf-wish-whep section 4.2). */
export interface WhepOffer {
  readonly h264: OfferedH264
  /** Of those offered for that payload type, the ones that we answer. */
  readonly feedback: readonly RtcpFeedback[]
  readonly fingerprint: DtlsFingerprint
  /** The player's side of the DTLS handshake; `actpass` leaves the choice to us. */
  readonly setup: 'actpass' | 'active' | 'passive'
  readonly protocol: string
  readonly mid: string | null
  readonly isBundled: boolean
  readonly hasReducedSizeRtcp: boolean
}

/** Throws RelayError `bad_offer` or `no_common_codec`, for whatever text comes. */
export function parseOffer(sdp: string): WhepOffer {
  if (Buffer.byteLength(sdp) > offerBytesMax)
    throw refusal(`the offer is larger than ${offerBytesMax / 1024} KiB`)
  const session = parse(sdp)
  const video = videoSectionOf(session)
  const h264 = chooseH264(video)
  return {
    h264,
    feedback: feedbackOf(video, h264.payloadType),
    fingerprint: fingerprintOf(session, video),
    setup: setupOf(session, video),
    protocol: video.protocol,
    mid: midOf(video),
    isBundled: (session.groups ?? []).some((group) => group.type === 'BUNDLE'),
    hasReducedSizeRtcp: video.rtcpRsize !== undefined,
  }
}

function videoSectionOf(session: SessionDescription): MediaDescription {
  const [video, ...others] = session.media
  if (video === undefined) throw refusal('the body is no SDP offer: it has no media section')
  if (others.length > 0)
    throw refusal(
      `the offer has ${session.media.length} media sections; offer a single recvonly video section`,
    )
  if (video.type !== 'video' || video.port === 0)
    throw refusal('the offer has no video section; offer a single recvonly one')
  const direction = video.direction ?? session.direction ?? 'sendrecv'
  if (direction !== 'recvonly' && direction !== 'sendrecv')
    throw refusal(`the video section is ${direction}; a player has to offer recvonly`)
  if (!/^(UDP|TCP)\/TLS\/RTP\/SAVPF?$/.test(sdpText(video.protocol)))
    throw refusal('the video section is not WebRTC (UDP/TLS/RTP/SAVPF)')
  if (video.rtcpMux === undefined) throw refusal('the video section does not offer rtcp-mux')
  return video
}

function midOf(video: MediaDescription): string | null {
  const mid = sdpText(video.mid)
  if (mid === '') return null
  if (!/^[!-~]{1,64}$/.test(mid)) throw refusal('the mid of the video section is not a short token')
  return mid
}

/** Those that mediasoup can honour without header extensions: nothing that estimates bandwidth. */
function feedbackOf(video: MediaDescription, payloadType: number): RtcpFeedback[] {
  const answered = new Set(['nack ', 'nack pli', 'ccm fir'])
  return (video.rtcpFb ?? [])
    .filter((line) => line.payload === '*' || Number(line.payload) === payloadType)
    .map((line) => ({ type: sdpText(line.type), parameter: sdpText(line.subtype) }))
    .filter((feedback) => answered.delete(`${feedback.type} ${feedback.parameter}`))
}

function fingerprintOf(session: SessionDescription, video: MediaDescription): DtlsFingerprint {
  const offered = video.fingerprint ?? session.fingerprint
  if (offered === undefined)
    throw refusal('the offer has no DTLS fingerprint (a=fingerprint); plain RTP is not served')
  const algorithm = algorithmOf(sdpText(offered.type).toLowerCase())
  const value = sdpText(offered.hash).toUpperCase()
  if (algorithm === null || !/^[0-9A-F]{2}(:[0-9A-F]{2}){19,63}$/.test(value))
    throw refusal('the DTLS fingerprint is not one of SHA-1 to SHA-512 in hexadecimal')
  return { algorithm, value }
}

function algorithmOf(name: string): DtlsFingerprint['algorithm'] | null {
  switch (name) {
    case 'sha-1':
    case 'sha-224':
    case 'sha-256':
    case 'sha-384':
    case 'sha-512':
      return name
    default:
      return null
  }
}

function setupOf(session: SessionDescription, video: MediaDescription): WhepOffer['setup'] {
  const setup = video.setup ?? session.setup ?? 'actpass'
  if (setup === 'actpass' || setup === 'active' || setup === 'passive') return setup
  throw refusal('the DTLS set-up (a=setup) is not actpass, active or passive')
}

function refusal(message: string): RelayError {
  return new RelayError('bad_offer', message)
}
