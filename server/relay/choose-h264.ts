import { parseParams, type MediaDescription } from 'sdp-transform'
import { RelayError } from './relay.ts'
import { sdpText } from './sdp-text.ts'

/** The payload type that a player gets its video under. */
export interface OfferedH264 {
  readonly payloadType: number
  /** Six hexadecimal digits as the player wrote them (RFC 6184 section 8.1): the answer repeats them. */
  readonly profileLevelId: string
}

/**
 * Constrained Baseline in packetization mode 1 where offered, else any H.264 in mode 1, else one without parameters:
 * strictly that is mode 0, but GStreamer's player writes none and takes every packet kind. The profile is only a name:
 * decoders go by the SPS. Throws RelayError `no_common_codec`.
 */
export function chooseH264(video: MediaDescription): OfferedH264 {
  let best: OfferedH264 | null = null
  let bestRank = Infinity
  for (const { payload, codec, rate } of video.rtp) {
    if (sdpText(codec).toUpperCase() !== 'H264' || rate !== 90_000) continue
    if (!isDynamicPayloadType(payload)) continue
    const { rank, profileLevelId } = suitability(video, payload)
    if (rank >= bestRank) continue
    bestRank = rank
    best = { payloadType: payload, profileLevelId }
  }
  if (best !== null) return best
  const offered = [...new Set(video.rtp.map((it) => sdpText(it.codec)))].slice(0, 8).join(', ')
  throw new RelayError(
    'no_common_codec',
    `the offer has no H.264 in packetization mode 1, only: ${printable(offered) || 'nothing'}`,
  )
}

function suitability(
  video: MediaDescription,
  payloadType: number,
): { readonly rank: number; readonly profileLevelId: string } {
  const line = video.fmtp.find((it) => it.payload === payloadType)
  if (line === undefined) return { rank: 2, profileLevelId: '42e01f' }
  const parameters = parseParams(sdpText(line.config))
  // RFC 6184 section 8.1: 420010 where nothing is said.
  const profileLevelId = sdpText(parameters['profile-level-id'] ?? '420010')
  const isUsable =
    Number(parameters['packetization-mode'] ?? 0) === 1 && /^[0-9a-f]{6}$/i.test(profileLevelId)
  if (!isUsable) return { rank: Infinity, profileLevelId }
  return { rank: isConstrainedBaseline(profileLevelId) ? 0 : 1, profileLevelId }
}

/** profile_idc 66 with constraint_set1_flag (H.264 A.2.1.1). */
function isConstrainedBaseline(profileLevelId: string): boolean {
  const bits = Number.parseInt(profileLevelId, 16)
  return bits >> 16 === 0x42 && (bits & 0x4000) !== 0
}

/** The ranges that rtcp-mux leaves free (RFC 5761 section 4) and no static type has (RFC 3551 section 6). */
function isDynamicPayloadType(payloadType: number): boolean {
  return (payloadType >= 35 && payloadType <= 63) || (payloadType >= 96 && payloadType <= 127)
}

function printable(text: string): string {
  return text.replaceAll(/[^ -~]/g, '?').slice(0, 200)
}
