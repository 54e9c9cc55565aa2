import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { emptyRtpHeader, readRtpHeader, readSenderReport } from './rtp-packet.ts'

const fixed = '80e0fffe00000005deadbeef'

/** The payload as hex; null when it is no packet. It stands in the middle of a larger buffer. */
function payloadOf(hex: string): string | null {
  const buffer = Buffer.from(`abcd${hex}abcd`, 'hex')
  const header = emptyRtpHeader()
  const isPacket = readRtpHeader(buffer, 2, buffer.length - 2, header)
  return isPacket ? buffer.toString('hex', header.payloadStart, header.payloadEnd) : null
}

describe('RTP (RFC 3550 section 5.1)', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['shorter than a header', fixed.slice(0, 22), null],
    ['without a payload', fixed, null],
    ['of version 1', `40${fixed.slice(2)}0102`, null],
    ['with CSRCs that run past its end', `8f${fixed.slice(2)}0102`, null],
    ['with an extension that runs past its end', `90${fixed.slice(2)}bede00ff0102`, null],
    ['with an extension whose header is cut', `90${fixed.slice(2)}bede00`, null],
    ['with more padding than payload', `a0${fixed.slice(2)}0103`, null],
    ['plain', `${fixed}0102`, '0102'],
    ['with two CSRCs', `82${fixed.slice(2)}11111111222222220102`, '0102'],
    ['with an extension', `90${fixed.slice(2)}bede0001aaaaaaaa0102`, '0102'],
    ['with padding', `a0${fixed.slice(2)}0102000003`, '0102'],
    ['with all of them', `b1${fixed.slice(2)}11111111bede0001aaaaaaaa01020002`, '0102'],
  ]
  for (const [name, hex, payload] of cases) test(name, () => assert.equal(payloadOf(hex), payload))

  test('fields', () => {
    const header = emptyRtpHeader()
    assert.ok(readRtpHeader(Buffer.from(`${fixed}01`, 'hex'), 0, 13, header))
    assert.deepEqual(header, {
      payloadType: 96,
      marker: true,
      sequence: 0xfffe,
      timestamp: 5,
      ssrc: 0xdeadbeef,
      payloadStart: 12,
      payloadEnd: 13,
    })
  })

  test('random bytes never throw, and the payload lies inside', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const buffer = Buffer.from(bytes)
        const header = emptyRtpHeader()
        if (!readRtpHeader(buffer, 0, buffer.length, header)) return
        assert.ok(header.payloadStart < header.payloadEnd && header.payloadEnd <= buffer.length)
        assert.ok(header.payloadStart >= 12)
      }),
    )
  })
})

describe('sender reports (RFC 3550 section 6.4.1)', () => {
  // 2026-01-01T00:00:00.5Z
  const report = '80c80006deadbeefed00378080000000000186a00000000a00000400'

  function read(hex: string): ReturnType<typeof readSenderReport> {
    const buffer = Buffer.from(hex, 'hex')
    return readSenderReport(buffer, 0, buffer.length)
  }

  test('are found at the head of a compound packet', () => {
    assert.deepEqual(read(`${report}81ca0002deadbeef01000000`), {
      ssrc: 0xdeadbeef,
      ntpTimeMs: Date.UTC(2026, 0, 1) + 500,
      rtpTimestamp: 100_000,
    })
  })

  test('and behind another report', () => {
    assert.equal(read(`80c90001deadbeef${report}`)?.rtpTimestamp, 100_000)
  })

  for (const [name, hex] of [
    ['nothing', ''],
    ['a receiver report alone', '80c90001deadbeef'],
    ['cut short', report.slice(0, 40)],
    ['of version 1', `40${report.slice(2)}`],
  ] as const)
    test(`${name}: none`, () => assert.equal(read(hex), null))

  test('random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        readSenderReport(Buffer.from(bytes), 0, bytes.length)
      }),
    )
  })
})
