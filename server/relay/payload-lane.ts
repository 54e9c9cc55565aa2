import type { Router } from 'mediasoup/types'
import { h264Label } from './h264-label.ts'
import type { RtpOutput } from './rtp-sender.ts'

/** A camera's way into the SFU for viewers that asked for one payload type. */
export interface PayloadLane extends RtpOutput, Disposable {
  readonly producerId: string
}

/**
 * mediasoup sends to a consumer with the payload type that the router had when its producer was made, whatever the
 * offer says: so each offered type gets a producer, made right after the router was told that type. One
 * DirectTransport each, because a transport takes an SSRC once.
 */
export async function openPayloadLane(
  router: Router,
  options: {
    readonly payloadType: number
    /** What the camera's packets carry. */
    readonly sent: { readonly payloadType: number; readonly ssrc: number }
  },
): Promise<PayloadLane> {
  const transport = await router.createDirectTransport()
  // `produce` reads the router's codecs before its first await: no other lane can come between these two lines.
  router.updateMediaCodecs([{ ...h264Label, preferredPayloadType: options.payloadType }])
  const producer = await transport.produce({
    kind: 'video',
    rtpParameters: {
      codecs: [
        {
          mimeType: h264Label.mimeType,
          clockRate: h264Label.clockRate,
          parameters: h264Label.parameters,
          payloadType: options.sent.payloadType,
          rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }],
        },
      ],
      headerExtensions: [],
      encodings: [{ ssrc: options.sent.ssrc }],
    },
  })
  return {
    producerId: producer.id,
    // Closed: the worker died and the viewers of this lane are being let go.
    sendRtp(packet) {
      if (!producer.closed) producer.send(packet)
    },
    sendRtcp(packet) {
      if (!transport.closed) transport.sendRtcp(packet)
    },
    [Symbol.dispose]: () => transport.close(),
  }
}
