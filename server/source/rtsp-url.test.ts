import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { parseRtspUrl } from './rtsp-url.ts'
import { SourceError } from './source.ts'

describe('an address of a camera', () => {
  for (const text of [
    '',
    'rtsp://',
    'http://cam/x',
    'cam/stream',
    'rtsp://u:p@/x',
    'rtsp://cam:x/',
  ])
    test(`${JSON.stringify(text)} is none`, () =>
      assert.throws(() => parseRtspUrl(text), SourceError))

  test('cannot bring a line of its own into the request', () => {
    assert.throws(() => parseRtspUrl('rtsp://a%0d%0aX-Evil:p@cam/x'), SourceError)
  })

  const cases = [
    {
      text: 'rtsp://cam',
      expected: { host: 'cam', port: 554, credentials: null, requestUrl: 'rtsp://cam', path: '/' },
    },
    {
      text: 'RTSP://10.0.0.7:8554/live?channel=1',
      expected: {
        host: '10.0.0.7',
        port: 8554,
        credentials: null,
        requestUrl: 'rtsp://10.0.0.7:8554/live?channel=1',
        path: '/live?channel=1',
      },
    },
    {
      text: 'rtsp://viewer:p%40ss%2F@cam/s',
      expected: {
        host: 'cam',
        port: 554,
        credentials: { user: 'viewer', password: 'p@ss/' },
        requestUrl: 'rtsp://cam/s',
        path: '/s',
      },
    },
    {
      text: 'rtsp://viewer:p@ss%@cam/s@2',
      expected: {
        host: 'cam',
        port: 554,
        credentials: { user: 'viewer', password: 'p@ss%' },
        requestUrl: 'rtsp://cam/s@2',
        path: '/s@2',
      },
    },
    {
      text: 'rtsp://viewer@[fe80::1]:554/s',
      expected: {
        host: 'fe80::1',
        port: 554,
        credentials: { user: 'viewer', password: '' },
        requestUrl: 'rtsp://[fe80::1]:554/s',
        path: '/s',
      },
    },
  ]
  for (const { text, expected } of cases)
    test(text, () => assert.deepEqual(parseRtspUrl(text), expected))

  test('any user and password survive their encoding, and never reach the request', () => {
    const word = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((text) => !/\p{Cc}|\p{Cs}/u.test(text))
    fc.assert(
      fc.property(word, word, (user, password) => {
        const encoded = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
        const url = parseRtspUrl(`rtsp://${encoded}@cam/s`)
        assert.deepEqual(url.credentials, { user, password })
        assert.equal(url.requestUrl, 'rtsp://cam/s')
      }),
    )
  })
})
