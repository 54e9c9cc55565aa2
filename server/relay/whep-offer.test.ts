import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { RelayError, type RelayCode } from './relay.ts'
import {
  chromiumOffer,
  firefoxOffer,
  gstreamerOffer,
  highOnlyOffer,
  libraryOffer,
  safariOffer,
} from './testing/offers.ts'
import { offerBytesMax, parseOffer, type WhepOffer } from './whep-offer.ts'

const without = (offer: string, line: RegExp): string => offer.replaceAll(line, '')

const refusals: readonly {
  readonly name: string
  readonly sdp: string
  readonly code: RelayCode
  readonly sentence: RegExp
}[] = [
  { name: 'no text', sdp: '', code: 'bad_offer', sentence: /no SDP offer/ },
  { name: 'no SDP', sdp: '{"type":"offer"}', code: 'bad_offer', sentence: /no SDP offer/ },
  {
    name: 'more than the limit',
    sdp: chromiumOffer + `a=x:${'y'.repeat(offerBytesMax)}\r\n`,
    code: 'bad_offer',
    sentence: /larger than 64 KiB/,
  },
  {
    name: 'video and audio',
    sdp: `${chromiumOffer}m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n`,
    code: 'bad_offer',
    sentence: /2 media sections; offer a single recvonly video section/,
  },
  {
    name: 'audio alone',
    sdp: chromiumOffer.replace('m=video', 'm=audio'),
    code: 'bad_offer',
    sentence: /no video section/,
  },
  {
    name: 'a video section that is switched off',
    sdp: chromiumOffer.replace('m=video 9', 'm=video 0'),
    code: 'bad_offer',
    sentence: /no video section/,
  },
  {
    name: 'a publisher',
    sdp: chromiumOffer.replace('a=recvonly', 'a=sendonly'),
    code: 'bad_offer',
    sentence: /is sendonly; a player has to offer recvonly/,
  },
  {
    name: 'an inactive section',
    sdp: chromiumOffer.replace('a=recvonly', 'a=inactive'),
    code: 'bad_offer',
    sentence: /is inactive/,
  },
  {
    name: 'plain RTP',
    sdp: chromiumOffer.replace('UDP/TLS/RTP/SAVPF', 'RTP/AVP'),
    code: 'bad_offer',
    sentence: /not WebRTC/,
  },
  {
    name: 'no fingerprint',
    sdp: without(chromiumOffer, /a=fingerprint.*\r\n/g),
    code: 'bad_offer',
    sentence: /no DTLS fingerprint/,
  },
  {
    name: 'a fingerprint of an unknown hash',
    sdp: chromiumOffer.replace('fingerprint:sha-256', 'fingerprint:md5'),
    code: 'bad_offer',
    sentence: /SHA-1 to SHA-512/,
  },
  {
    name: 'a fingerprint that is cut',
    sdp: chromiumOffer.replace(/fingerprint:sha-256 .*/, 'fingerprint:sha-256 7B:8B'),
    code: 'bad_offer',
    sentence: /in hexadecimal/,
  },
  {
    name: 'an unknown DTLS set-up',
    sdp: chromiumOffer.replace('setup:actpass', 'setup:holdconn'),
    code: 'bad_offer',
    sentence: /a=setup/,
  },
  {
    name: 'RTCP on a port of its own',
    sdp: without(chromiumOffer, /a=rtcp-mux\r\n/g),
    code: 'bad_offer',
    sentence: /rtcp-mux/,
  },
  {
    name: 'an endless mid',
    sdp: chromiumOffer.replace('a=mid:0', `a=mid:${'x'.repeat(65)}`),
    code: 'bad_offer',
    sentence: /mid/,
  },
  {
    name: 'no H.264 at all',
    sdp: chromiumOffer.replaceAll('H264', 'AV1'),
    code: 'no_common_codec',
    sentence: /only: VP8, rtx, AV1$/,
  },
  {
    name: 'H.264 in mode 0 only',
    sdp: chromiumOffer.replaceAll('packetization-mode=1', 'packetization-mode=0'),
    code: 'no_common_codec',
    sentence: /packetization mode 1/,
  },
  {
    name: 'a payload type that rtcp-mux forbids',
    sdp: libraryOffer.replaceAll(/\b96\b/g, '72'),
    code: 'no_common_codec',
    sentence: /packetization mode 1/,
  },
]
for (const { name, sdp, code, sentence } of refusals)
  test(`refused: ${name}`, () => {
    assert.throws(
      () => parseOffer(sdp),
      (error) => {
        assert.ok(error instanceof RelayError)
        assert.equal(error.code, code)
        assert.match(error.message, sentence)
        return true
      },
    )
  })

const offers: readonly {
  readonly name: string
  readonly sdp: string
  readonly expected: Partial<WhepOffer>
}[] = [
  {
    name: 'Chromium gets Constrained Baseline although Baseline stands first',
    sdp: chromiumOffer,
    expected: {
      h264: { payloadType: 108, profileLevelId: '42e01f' },
      mid: '0',
      setup: 'actpass',
      isBundled: true,
      hasReducedSizeRtcp: true,
      feedback: [
        { type: 'ccm', parameter: 'fir' },
        { type: 'nack', parameter: '' },
        { type: 'nack', parameter: 'pli' },
      ],
    },
  },
  {
    name: 'Firefox gets mode 1, by the fingerprint of the session',
    sdp: firefoxOffer,
    expected: { h264: { payloadType: 126, profileLevelId: '42e01f' }, mid: '0' },
  },
  {
    name: 'Safari gets Constrained Baseline although High stands first',
    sdp: safariOffer,
    expected: { h264: { payloadType: 98, profileLevelId: '42e01f' }, mid: 'video0' },
  },
  {
    name: 'a player of High only gets that, its profile read as text',
    sdp: highOnlyOffer,
    expected: { h264: { payloadType: 96, profileLevelId: '640032' } },
  },
  {
    name: 'GStreamer gets its one type, with feedback offered for all types',
    sdp: gstreamerOffer,
    expected: {
      h264: { payloadType: 96, profileLevelId: '42e01f' },
      isBundled: false,
      feedback: [
        { type: 'nack', parameter: '' },
        { type: 'nack', parameter: 'pli' },
      ],
    },
  },
  {
    name: 'a library without mid and with a role of its own',
    sdp: libraryOffer,
    expected: { mid: null, setup: 'passive', feedback: [], hasReducedSizeRtcp: false },
  },
  {
    name: 'a payload type below 64',
    sdp: libraryOffer.replaceAll(/\b96\b/g, '39'),
    expected: { h264: { payloadType: 39, profileLevelId: '42e01f' } },
  },
]
for (const { name, sdp, expected } of offers)
  test(name, () => {
    assert.partialDeepStrictEqual(parseOffer(sdp), expected)
  })

test('the fingerprint is written as mediasoup compares it: upper case', () => {
  assert.deepEqual(parseOffer(safariOffer).fingerprint, parseOffer(chromiumOffer).fingerprint)
  assert.match(parseOffer(safariOffer).fingerprint.value, /^7B:8B:/)
})

test('whatever comes, the outcome is an offer or a RelayError', () => {
  const line = fc.constantFrom(...chromiumOffer.split('\r\n'), ...gstreamerOffer.split('\r\n'))
  const damaged = fc
    .tuple(line, fc.string({ maxLength: 8 }), fc.nat(20))
    .map(([text, noise, at]) => text.slice(0, at) + noise + text.slice(at))
  const sdp = fc.array(fc.oneof(line, damaged, fc.string()), { maxLength: 40 })
  fc.assert(
    fc.property(sdp, (parts) => {
      try {
        parseOffer(parts.join('\r\n'))
      } catch (error) {
        assert.ok(error instanceof RelayError, String(error))
        assert.doesNotMatch(error.message, /[\r\n]/)
      }
    }),
    { numRuns: 1000 },
  )
})
