import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'sdp-transform'
import { chromiumOffer, highOnlyOffer, libraryOffer } from './testing/offers.ts'
import { writeAnswer } from './whep-answer.ts'
import { parseOffer } from './whep-offer.ts'

function answerTo(offerSdp: string, address = '127.0.0.1'): string {
  const offer = parseOffer(offerSdp)
  return writeAnswer({
    offer,
    local: {
      ice: {
        usernameFragment: 'ufrag0000',
        password: 'password00000000000000000',
        candidates: [
          { foundation: 'udp', priority: 2, address, protocol: 'udp', port: 44_400, type: 'host' },
          {
            foundation: 'tcp',
            priority: 1,
            address,
            protocol: 'tcp',
            port: 44_400,
            type: 'host',
            tcpType: 'passive',
          },
        ],
      },
      fingerprint: offer.fingerprint,
    },
    stream: { ssrc: 1234, cname: 'camera', feedback: offer.feedback },
    sessionId: 99,
  })
}

const linesOf = (sdp: string, start: RegExp): string[] =>
  sdp.split('\r\n').filter((line) => start.test(line))

test('the answer takes the one payload type, its profile, mid and group of the offer', () => {
  const sdp = answerTo(chromiumOffer)
  assert.deepEqual(linesOf(sdp, /^m=|^a=(mid|group|rtpmap|fmtp|setup|sendonly|rtcp-)/), [
    'a=group:BUNDLE 0',
    'm=video 44400 UDP/TLS/RTP/SAVPF 108',
    'a=rtpmap:108 H264/90000',
    'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    'a=rtcp-fb:108 ccm fir',
    'a=rtcp-fb:108 nack',
    'a=rtcp-fb:108 nack pli',
    'a=setup:passive',
    'a=mid:0',
    'a=sendonly',
    'a=rtcp-mux',
    'a=rtcp-rsize',
  ])
})

test('no header extension, no rtx, no bandwidth estimation is answered', () => {
  assert.deepEqual(linesOf(answerTo(chromiumOffer), /extmap:|rtx|remb|transport-cc/), [])
})

test('both candidates are host candidates on one port, TCP passive, and the last', () => {
  assert.deepEqual(linesOf(answerTo(chromiumOffer), /candidate/), [
    'a=candidate:udp 1 udp 2 127.0.0.1 44400 typ host',
    'a=candidate:tcp 1 tcp 1 127.0.0.1 44400 typ host tcptype passive',
    'a=end-of-candidates',
  ])
})

test('a player that is the DTLS server gets a client, one without mid gets none', () => {
  const sdp = answerTo(libraryOffer)
  assert.deepEqual(linesOf(sdp, /^a=(setup|mid|group|rtcp-)/), ['a=setup:active', 'a=rtcp-mux'])
})

test('a profile of digits only survives', () => {
  assert.match(answerTo(highOnlyOffer), /profile-level-id=640032\r\n/)
})

test('an IPv6 address is named as one', () => {
  assert.match(answerTo(chromiumOffer, '2001:db8::1'), /\r\nc=IN IP6 2001:db8::1\r\n/)
})

test('the answer parses back', () => {
  const [video] = parse(answerTo(chromiumOffer)).media
  assert.equal(video?.iceUfrag, 'ufrag0000')
  assert.deepEqual(video?.ssrcs, [{ id: 1234, attribute: 'cname', value: 'camera' }])
})
