import { randomInt, randomUUID } from 'node:crypto'
import type { Consumer, WebRtcTransport } from 'mediasoup/types'
import { assert } from '#std/assert.ts'
import type { Clock } from '#std/clock.ts'
import { h264Label } from './h264-label.ts'
import type { MediaWorker } from './media-worker.ts'
import { writeAnswer } from './whep-answer.ts'
import type { WhepOffer } from './whep-offer.ts'

/** One player that watches one camera; disposing ends it. */
export interface ViewerSession extends Disposable {
  /** Cannot be guessed: whoever knows it may end the session. */
  readonly id: string
  readonly answerSdp: string
}

/** ICE and DTLS take milliseconds to a few seconds; who is not there by then left right after asking. */
const connectLimitMs = 15_000

/** `onEnded` is called once, whoever ends the session. Rejects as mediasoup does when the worker dies meanwhile. */
export async function openViewerSession(
  worker: MediaWorker,
  options: {
    readonly clock: Clock
    readonly offer: WhepOffer
    readonly producerId: string
    readonly onEnded: (reason: string) => void
  },
): Promise<ViewerSession> {
  const { offer } = options
  const transport = await worker.router.createWebRtcTransport({
    webRtcServer: worker.webRtcServer,
    enableUdp: true,
    enableTcp: true,
    preferUdp: true,
  })
  try {
    await transport.connect({
      dtlsParameters: {
        // The *player's* role: it takes what our answer leaves it (whep-answer.ts).
        role: offer.setup === 'passive' ? 'server' : 'client',
        fingerprints: [offer.fingerprint],
      },
    })
    const consumer = await consume(transport, options.producerId, offer)
    const session = {
      id: randomUUID(),
      answerSdp: answerOf(transport, consumer, offer),
      [Symbol.dispose]: watchOver(transport, consumer, options),
    }
    return session
  } catch (error) {
    transport.close()
    throw error
  }
}

function consume(
  transport: WebRtcTransport,
  producerId: string,
  offer: WhepOffer,
): Promise<Consumer> {
  return transport.consume({
    producerId,
    rtpCapabilities: {
      codecs: [
        {
          ...h264Label,
          preferredPayloadType: offer.h264.payloadType,
          rtcpFeedback: offer.feedback.map((feedback) => ({ ...feedback })),
        },
      ],
      // The router's extension ids are fixed and collide with browsers' own; one video section needs none.
      headerExtensions: [],
    },
    ...(offer.mid === null ? {} : { mid: offer.mid }),
  })
}

function answerOf(transport: WebRtcTransport, consumer: Consumer, offer: WhepOffer): string {
  const { rtpParameters } = consumer
  const [codec] = rtpParameters.codecs
  const ssrc = rtpParameters.encodings?.[0]?.ssrc
  const fingerprint = transport.dtlsParameters.fingerprints.find((it) => it.algorithm === 'sha-256')
  assert(codec?.payloadType === offer.h264.payloadType, 'the consumer has the offered payload type')
  assert(ssrc !== undefined && fingerprint !== undefined, 'the consumer has an SSRC and a SHA-256')
  const { usernameFragment, password } = transport.iceParameters
  return writeAnswer({
    offer,
    local: {
      ice: { usernameFragment, password, candidates: transport.iceCandidates },
      fingerprint,
    },
    stream: {
      ssrc,
      cname: rtpParameters.rtcp?.cname ?? 'sightline',
      feedback: (codec.rtcpFeedback ?? []).map(({ type, parameter }) => ({
        type,
        parameter: parameter ?? '',
      })),
    },
    sessionId: randomInt(1, 2 ** 47),
  })
}

/**
 * Ends the session when its player goes: a DTLS close, ICE consent that lapsed (a page that just closed: seen after 30 s,
 * RFC 7675 section 5.1), a producer or worker that is gone, or no connection at all. Returns what ends it by hand.
 */
function watchOver(
  transport: WebRtcTransport,
  consumer: Consumer,
  options: { readonly clock: Clock; readonly onEnded: (reason: string) => void },
): () => void {
  let isEnded = false
  const connectTimer = options.clock.after(connectLimitMs, () => end('never connected'))
  transport.on('icestatechange', (state) => {
    if (state === 'disconnected') end('ICE disconnected')
  })
  transport.on('dtlsstatechange', (state) => {
    if (state === 'connected') connectTimer[Symbol.dispose]()
    if (state === 'failed' || state === 'closed') end(`DTLS ${state}`)
  })
  transport.on('routerclose', () => end('the media worker ended'))
  consumer.on('producerclose', () => end('the camera ended'))
  return () => end('ended by us')

  function end(reason: string): void {
    if (isEnded) return
    isEnded = true
    connectTimer[Symbol.dispose]()
    transport.close()
    options.onEnded(reason)
  }
}
