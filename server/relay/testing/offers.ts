/** Offers as players write them, shortened to one line a codec and without what no answerer reads. */

const fingerprint =
  'sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08'

const lines = (...parts: readonly string[]): string => parts.map((part) => `${part}\r\n`).join('')

const session = lines('v=0', 'o=- 4611731400430051336 2 IN IP4 127.0.0.1', 's=-', 't=0 0')

const ice = lines('a=ice-ufrag:EsAw', 'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1', 'a=ice-options:trickle')

const feedback = (payloadType: number | '*'): string =>
  lines(
    `a=rtcp-fb:${payloadType} goog-remb`,
    `a=rtcp-fb:${payloadType} transport-cc`,
    `a=rtcp-fb:${payloadType} ccm fir`,
    `a=rtcp-fb:${payloadType} nack`,
    `a=rtcp-fb:${payloadType} nack pli`,
  )

const h264 = (payloadType: number, mode: 0 | 1, profileLevelId: string): string =>
  lines(
    `a=rtpmap:${payloadType} H264/90000`,
    `a=fmtp:${payloadType} level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${profileLevelId}`,
  )

/** Chromium without hardware: no High profile; 42e01f in mode 1 is 108, behind 42001f in mode 1. */
export const chromiumOffer =
  session +
  lines('a=group:BUNDLE 0', 'a=extmap-allow-mixed', 'a=msid-semantic: WMS') +
  lines(
    'm=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104 105 106 107 108 109 39 40',
    'c=IN IP4 0.0.0.0',
  ) +
  lines('a=rtcp:9 IN IP4 0.0.0.0') +
  ice +
  lines(`a=fingerprint:${fingerprint}`, 'a=setup:actpass', 'a=mid:0') +
  lines(
    'a=extmap:1 urn:ietf:params:rtp-hdrext:toffset',
    'a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
    'a=recvonly',
    'a=rtcp-mux',
    'a=rtcp-rsize',
    'a=rtpmap:96 VP8/90000',
    'a=rtpmap:97 rtx/90000',
    'a=fmtp:97 apt=96',
  ) +
  h264(102, 1, '42001f') +
  feedback(102) +
  h264(104, 0, '42001f') +
  h264(106, 0, '42e01f') +
  h264(108, 1, '42e01f') +
  feedback(108) +
  lines('a=rtpmap:109 rtx/90000', 'a=fmtp:109 apt=108') +
  h264(39, 1, '4d001f') +
  feedback(39)

/** Firefox: session-level fingerprint, `rtcp-fb` without goog-remb order, an fmtp with its own order of parameters. */
export const firefoxOffer =
  session +
  lines(`a=fingerprint:${fingerprint}`, 'a=group:BUNDLE 0', 'a=ice-options:trickle') +
  lines('m=video 9 UDP/TLS/RTP/SAVPF 120 124 126 127 97 98', 'c=IN IP4 0.0.0.0', 'a=recvonly') +
  lines('a=rtpmap:120 VP8/90000') +
  lines('a=fmtp:126 profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1') +
  lines('a=fmtp:97 profile-level-id=42e01f;level-asymmetry-allowed=1') +
  lines('a=ice-pwd:7e1b3b9ed0c5ea5cd8f5ba5a4a4ba9a8', 'a=ice-ufrag:5f7a1d7b', 'a=mid:0') +
  lines('a=rtcp-fb:126 nack', 'a=rtcp-fb:126 nack pli', 'a=rtcp-fb:126 ccm fir') +
  lines('a=rtcp-mux', 'a=rtcp-rsize', 'a=rtpmap:126 H264/90000', 'a=rtpmap:97 H264/90000') +
  lines('a=setup:actpass')

/** Safari: High before Constrained Baseline, a profile that reads as a number, a mid that is a word. */
export const safariOffer =
  session +
  lines('a=group:BUNDLE video0', 'm=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99', 'c=IN IP4 0.0.0.0') +
  ice +
  lines(`a=fingerprint:${fingerprint.toLowerCase()}`, 'a=setup:actpass', 'a=mid:video0') +
  lines('a=recvonly', 'a=rtcp-mux', 'a=rtcp-rsize') +
  h264(96, 1, '640032') +
  feedback(96) +
  h264(98, 1, '42e01f') +
  feedback(98)

/** Only High, its profile-level-id all digits. */
export const highOnlyOffer = safariOffer
  .replace('SAVPF 96 97 98 99', 'SAVPF 96 97')
  .replace(h264(98, 1, '42e01f') + feedback(98), '')

/** GStreamer's whepsrc: one type, no fmtp, feedback for all types, direction at the end, no bundle. */
export const gstreamerOffer =
  session +
  lines('m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', 'a=setup:actpass') +
  ice +
  lines('a=rtcp-mux', 'a=rtcp-rsize', 'a=rtpmap:96 H264/90000') +
  lines('a=rtcp-fb:* nack', 'a=rtcp-fb:* nack pli', 'a=mid:video0') +
  lines(`a=fingerprint:${fingerprint}`, 'a=recvonly')

/** A C library in the way of OBS's: DTLS role already chosen, no mid, sendrecv by saying nothing. */
export const libraryOffer =
  session +
  lines('m=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0') +
  lines('a=rtcp-mux', 'a=setup:passive', `a=fingerprint:${fingerprint}`) +
  ice +
  h264(96, 1, '42e01f')
