import type { Peer, PeerProgress } from './player.ts'

/**
 * The browser's RTCPeerConnection as a WHEP player needs it. The offer goes out without candidates: the server is
 * ICE-lite and learns ours from the checks that we send to it (RFC 8445 section 2.5), so gathering is not waited for.
 */
export function openBrowserPeer(): Peer<MediaStream> {
  const connection = new RTCPeerConnection()
  const { receiver } = connection.addTransceiver('video', { direction: 'recvonly' })
  const peer: Peer<MediaStream> = {
    onStream: null,
    onState: null,
    async offer() {
      await connection.setLocalDescription(await connection.createOffer())
      return connection.localDescription?.sdp ?? ''
    },
    async accept(answerSdp) {
      await connection.setRemoteDescription({ type: 'answer', sdp: answerSdp })
    },
    setWaitMs(waitMs) {
      // Absent in older browsers: then Exact shows held boxes where its own come late.
      if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = waitMs
    },
    async progress() {
      return inboundOf(await receiver.getStats())
    },
    close: () => connection.close(),
  }
  connection.addEventListener('track', ({ track }) => peer.onStream?.(new MediaStream([track])))
  connection.addEventListener('connectionstatechange', () =>
    peer.onState?.(connection.connectionState),
  )
  return peer
}

function inboundOf(report: RTCStatsReport): PeerProgress {
  let progress: PeerProgress = { packetsReceived: 0, framesDecoded: 0 }
  report.forEach((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return
    if (!('type' in entry) || entry.type !== 'inbound-rtp') return
    progress = {
      packetsReceived: countOf(entry, 'packetsReceived'),
      framesDecoded: countOf(entry, 'framesDecoded'),
    }
  })
  return progress
}

function countOf(entry: object, name: string): number {
  const value: unknown = Object.entries(entry).find(([key]) => key === name)?.[1]
  return typeof value === 'number' ? value : 0
}
