import { write } from 'sdp-transform'
import type { DtlsFingerprint, RtcpFeedback, WhepOffer } from './whep-offer.ts'

/** Where our side of the session listens, and as whom. */
export interface LocalTransport {
  readonly ice: {
    readonly usernameFragment: string
    readonly password: string
    readonly candidates: readonly IceCandidate[]
  }
  readonly fingerprint: DtlsFingerprint
}

export interface IceCandidate {
  readonly foundation: string
  readonly priority: number
  readonly address: string
  readonly protocol: 'udp' | 'tcp'
  readonly port: number
  readonly type: string
  /** Set for TCP (RFC 6544 section 4.5). */
  readonly tcpType?: string
}

/** The complete answer: one sendonly video section with all candidates, ICE lite, no header extensions, no rtx. */
export function writeAnswer(answer: {
  readonly offer: WhepOffer
  readonly local: LocalTransport
  readonly stream: {
    readonly ssrc: number
    readonly cname: string
    readonly feedback: readonly RtcpFeedback[]
  }
  /** Numeric, unique (RFC 8866 section 5.2). */
  readonly sessionId: number
}): string {
  const { offer, local } = answer
  return write({
    version: 0,
    origin: {
      username: '-',
      sessionId: answer.sessionId,
      sessionVersion: 1,
      netType: 'IN',
      ipVer: 4,
      address: '127.0.0.1',
    },
    name: '-',
    timing: { start: 0, stop: 0 },
    icelite: 'ice-lite',
    fingerprint: { type: local.fingerprint.algorithm, hash: local.fingerprint.value },
    // Only with the offer's mid: a group that names another one is refused.
    ...(offer.isBundled && offer.mid !== null
      ? { groups: [{ type: 'BUNDLE', mids: offer.mid }] }
      : {}),
    msidSemantic: { semantic: 'WMS', token: '*' },
    media: [
      {
        ...addressSection(offer, local),
        ...payloadSection(offer, answer.stream.feedback),
        ...(offer.mid === null ? {} : { mid: offer.mid }),
        direction: 'sendonly',
        // The SFU is ready at once, so the player is the DTLS client unless it must not (RFC 5763 section 5).
        setup: offer.setup === 'passive' ? 'active' : 'passive',
        rtcpMux: 'rtcp-mux',
        ...(offer.hasReducedSizeRtcp ? { rtcpRsize: 'rtcp-rsize' } : {}),
        msid: [{ id: 'sightline', appdata: 'video' }],
        ssrcs: [{ id: answer.stream.ssrc, attribute: 'cname', value: answer.stream.cname }],
      },
    ],
  })
}

function addressSection(offer: WhepOffer, { ice }: LocalTransport) {
  const [preferred] = ice.candidates
  const address = preferred?.address ?? '0.0.0.0'
  return {
    type: 'video',
    // 9 (discard) stands for "see the candidates" (RFC 8840 section 4.1.1).
    port: preferred?.port ?? 9,
    protocol: offer.protocol,
    payloads: String(offer.h264.payloadType),
    connection: { version: address.includes(':') ? 6 : 4, ip: address },
    iceUfrag: ice.usernameFragment,
    icePwd: ice.password,
    candidates: ice.candidates.map((candidate) => ({
      foundation: candidate.foundation,
      component: 1,
      transport: candidate.protocol,
      priority: candidate.priority,
      ip: candidate.address,
      port: candidate.port,
      type: candidate.type,
      ...(candidate.tcpType === undefined ? {} : { tcptype: candidate.tcpType }),
    })),
    endOfCandidates: 'end-of-candidates' as const,
  }
}

function payloadSection({ h264 }: WhepOffer, feedback: readonly RtcpFeedback[]) {
  const payload = h264.payloadType
  return {
    rtp: [{ payload, codec: 'H264', rate: 90_000 }],
    fmtp: [
      {
        payload,
        config: `level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=${h264.profileLevelId}`,
      },
    ],
    rtcpFb: feedback.map(({ type, parameter }) => ({
      payload,
      type,
      ...(parameter === '' ? {} : { subtype: parameter }),
    })),
  }
}
