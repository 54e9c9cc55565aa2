import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { controlUrl, parameterSetsOf, parseSdp } from './sdp.ts'

const video = [
  'm=video 0 RTP/AVP 96',
  'a=rtpmap:96 H264/90000',
  'a=fmtp:96 packetization-mode=1; profile-level-id=42C01E; sprop-parameter-sets=Z0LAHtkAoC/5cA==,aMuDyyA=',
  'a=framerate:25.000000',
  'a=control:trackID=1',
]

function sdpOf(...lines: readonly string[]): string {
  return ['v=0', 'o=- 1 1 IN IP4 10.0.0.7', 's=cam', 't=0 0', ...lines, ''].join('\r\n')
}

describe('a description', () => {
  test('that is empty or of nothing but noise has no media', () => {
    assert.deepEqual(parseSdp(''), { control: null, media: [] })
    assert.deepEqual(parseSdp('hello\nworld'), { control: null, media: [] })
  })

  test('of several sections keeps them apart', () => {
    const session = parseSdp(
      sdpOf(
        'a=control:*',
        'm=audio 0 RTP/AVP 8',
        'a=control:trackID=2',
        ...video,
        'm=application 0 RTP/AVP 107',
        'a=rtpmap:107 vnd.onvif.metadata/90000',
        'a=control:trackID=3',
      ),
    )
    assert.equal(session.control, '*')
    assert.deepEqual(
      session.media.map(({ kind, encoding, control }) => [kind, encoding, control]),
      [
        ['audio', null, 'trackID=2'],
        ['video', 'H264', 'trackID=1'],
        ['application', 'VND.ONVIF.METADATA', 'trackID=3'],
      ],
    )
  })

  test('with bare line feeds, odd spaces and other case is understood', () => {
    const [media] = parseSdp(
      'v=0\nm=video 0 RTP/AVP 97 98\na=rtpmap:98 VP8/90000\na=rtpmap:97  h264/90000 \na=fmtp:97  Packetization-Mode = 1\n',
    ).media
    assert.equal(media?.payloadType, 97)
    assert.equal(media?.encoding, 'H264')
    assert.equal(media?.parameters.get('packetization-mode'), '1')
    assert.equal(media?.framerate, null)
    assert.equal(media?.control, null)
  })

  test('names static types that need no rtpmap', () => {
    assert.equal(parseSdp(sdpOf('m=video 0 RTP/AVP 26')).media[0]?.encoding, 'JPEG')
    assert.equal(parseSdp(sdpOf('m=video 0 RTP/AVP 96')).media[0]?.encoding, null)
  })

  test('gives the parameter sets and the frame rate', () => {
    const [media] = parseSdp(sdpOf(...video)).media
    assert.ok(media !== undefined)
    assert.equal(media.framerate, 25)
    assert.deepEqual(
      parameterSetsOf(media).map((nal) => nal.toString('hex')),
      ['6742c01ed900a02ff970', '68cb83cb20'],
    )
  })

  test('with parameter sets that are no base64 has none', () => {
    const [media] = parseSdp(
      sdpOf('m=video 0 RTP/AVP 96', 'a=fmtp:96 sprop-parameter-sets=,!'),
    ).media
    assert.ok(media !== undefined)
    assert.deepEqual(parameterSetsOf(media), [])
  })

  test('of random lines never throws', () => {
    const line = fc.oneof(
      fc.constantFrom(...video),
      fc.string(),
      fc.string().map((text) => `m=${text}`),
    )
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        for (const media of parseSdp(lines.join('\n')).media) parameterSetsOf(media)
      }),
    )
  })
})

describe('where a track is set up', () => {
  const base = 'rtsp://cam/live'
  const cases: readonly (readonly [string, string, string | null, string])[] = [
    ['no control', base, null, base],
    ['the whole presentation', base, '*', base],
    ['absolute', base, 'rtsp://10.0.0.7/live/track1', 'rtsp://10.0.0.7/live/track1'],
    ['relative', base, 'trackID=1', 'rtsp://cam/live/trackID=1'],
    ['relative to a base with a slash', `${base}/`, 'trackID=1', 'rtsp://cam/live/trackID=1'],
    ['from the root', base, '/track1', 'rtsp://cam/track1'],
    [
      'behind a query, as cameras with such addresses want it',
      'rtsp://cam/cam/realmonitor?channel=1&subtype=0',
      'trackID=0',
      'rtsp://cam/cam/realmonitor?channel=1&subtype=0/trackID=0',
    ],
  ]
  for (const [name, from, control, expected] of cases)
    test(name, () => assert.equal(controlUrl(from, control), expected))
})
