import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import type { AccessUnit } from '../rtsp/access-unit.ts'
import { nalUnitsOf } from '../rtsp/access-unit.ts'
import { H264Depacketizer } from '../rtsp/h264-depacketizer.ts'
import { emptyRtpHeader, readRtpHeader, readSenderReport } from '../rtsp/rtp-packet.ts'
import { RtspReader } from '../rtsp/rtsp-reader.ts'
import type { Clip } from './clip.ts'
import { ClipPlayer, type SentFrame } from './clip-player.ts'
import { InterleavedWriter } from './interleaved-writer.ts'

const sps = Buffer.from('6742c01ed900a0427e5c', 'hex')
const pps = Buffer.from('68cb83cb20', 'hex')
const sizes = [1399, 1400, 1401, 1402, 2797, 2798, 2799, 20_000]

function slice(header: number, bytes: number): Buffer {
  return Buffer.concat([Buffer.from([header, 0x88]), Buffer.alloc(bytes - 2, 7)])
}

/** An IDR and slices of sizes around those where packets end. */
const clip: Clip = {
  units: [[sps, pps, slice(0x65, 5000)], ...sizes.map((bytes) => [slice(0x41, bytes)])],
  sps,
  pps,
}

class Rig {
  readonly clock = new FakeClock()
  readonly sent: SentFrame[] = []
  readonly units: AccessUnit[] = []
  readonly reports: {
    readonly ntpTimeMs: number
    readonly rtpTimestamp: number
    readonly serverWallMs: number
  }[] = []
  readonly player: ClipPlayer
  readonly #header = emptyRtpHeader()
  readonly #depacketizer = new H264Depacketizer({
    onUnit: (unit) => this.units.push(unit),
    parameterSets: [],
  })
  readonly #reader = new RtspReader({
    onMessage: () => assert.fail('no message'),
    onPacket: (channel, buffer, start, end) => this.#onPacket(channel, buffer, start, end),
  })

  constructor(fps = 25, phase?: number) {
    this.player = new ClipPlayer({
      clip,
      fps,
      clock: this.clock,
      writer: new InterleavedWriter({ channel: 2, ssrc: 9, firstSequenceNumber: 65_530 }),
      firstRtpTimestamp: 0xffff_ff00,
      isPaused: false,
      ...(phase === undefined ? {} : { phase }),
      write: (data) => this.#reader.push(data),
      onSent: (sent) => this.sent.push(sent),
    })
  }

  run(forMs: number): void {
    this.clock.advance(forMs)
  }

  #onPacket(channel: number, buffer: Buffer, start: number, end: number): void {
    if (channel === 3) {
      const report = readSenderReport(buffer, start, end)
      assert.ok(report !== null)
      this.reports.push({ ...report, serverWallMs: this.clock.wallTimeMs() })
      return
    }
    assert.equal(channel, 2)
    assert.ok(end - start <= 1412, 'a packet fits an Ethernet frame')
    assert.ok(readRtpHeader(buffer, start, end, this.#header))
    this.#depacketizer.push(buffer, this.#header, this.clock.nowMs())
  }
}

describe('a clip plays', () => {
  test('in real time, over its seam, and every unit comes out as it is in the file', () => {
    const rig = new Rig()
    rig.run(1000)
    assert.equal(rig.sent.length, 26)
    assert.equal(rig.units.length, 26)
    for (const [i, unit] of rig.units.entries()) {
      assert.deepEqual([...nalUnitsOf(unit.data)], clip.units[i % clip.units.length])
      assert.equal(unit.isDamaged, false)
      assert.equal(unit.isKey, i % clip.units.length === 0)
      assert.equal(unit.rtpTimestamp, (0xffff_ff00 + i * 3600) % 2 ** 32)
      assert.deepEqual(rig.sent[i], {
        frame: i,
        rtpTimestamp: unit.rtpTimestamp,
        sentAtMs: 1000 + i * 40,
      })
    }
  })

  for (const [phase, firstMs] of [
    [0, 1000],
    [0.25, 1010],
    [0.999, 1039.96],
  ] as const)
    test(`at phase ${phase} of its interval, whenever it was asked`, () => {
      const rig = new Rig(25, phase)
      rig.run(1000)
      assert.equal(rig.sent[0]?.sentAtMs.toFixed(2), firstMs.toFixed(2))
      assert.equal(rig.sent[9]?.sentAtMs.toFixed(2), (firstMs + 9 * 40).toFixed(2))
    })

  test('with a frame rate that is no divisor, without drift', () => {
    const rig = new Rig(30)
    rig.run(100_000)
    assert.equal(rig.sent.length, 3001)
    assert.equal(rig.sent.at(-1)?.rtpTimestamp, (0xffff_ff00 + 9_000_000) % 2 ** 32)
  })

  test('with a report each second that maps its timestamps to wall time', () => {
    const rig = new Rig()
    rig.run(3000)
    assert.equal(rig.reports.length, 4)
    for (const [i, report] of rig.reports.entries()) {
      assert.ok(Math.abs(report.ntpTimeMs - report.serverWallMs) < 0.01)
      assert.equal(report.rtpTimestamp, (0xffff_ff00 + i * 90_000) % 2 ** 32)
    }
  })

  test('not while paused, and its timestamps go on with the time that passed', () => {
    const rig = new Rig()
    rig.run(400)
    rig.player.pause()
    const { length } = rig.sent
    rig.run(5000)
    assert.equal(rig.sent.length, length)
    rig.player.resume()
    rig.player.resume()
    rig.run(80)
    const [before, after] = [rig.sent[length - 1], rig.sent[length]]
    assert.equal(rig.sent.length, length + 3)
    assert.equal(after?.frame, length)
    assert.equal(((after?.rtpTimestamp ?? 0) - (before?.rtpTimestamp ?? 0)) >>> 0, 5000 * 90)
  })

  test('nothing more once disposed, and leaves no timer', () => {
    const rig = new Rig()
    rig.run(100)
    rig.player[Symbol.dispose]()
    rig.player[Symbol.dispose]()
    const { length } = rig.sent
    rig.run(1000)
    assert.equal(rig.sent.length, length)
    assert.equal(rig.clock.pendingCount, 0)
  })
})
