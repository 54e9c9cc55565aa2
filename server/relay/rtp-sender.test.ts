import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { RtpSender, type RtpOutput } from './rtp-sender.ts'
import { rtpFieldsOf } from './testing/depacketize.ts'
import { madeStamped, madeUnit } from './testing/made-units.ts'

class Recorder implements RtpOutput {
  readonly rtp: Buffer[] = []
  readonly rtcp: Buffer[] = []
  sendRtp(packet: Buffer): void {
    this.rtp.push(packet)
  }
  sendRtcp(packet: Buffer): void {
    this.rtcp.push(packet)
  }
  /** Timestamps of the units that went out. */
  get units(): number[] {
    return this.rtp.map(rtpFieldsOf).flatMap((it) => (it.hasMarker ? [it.rtpTimestamp] : []))
  }
  get sequenceNumbers(): number[] {
    return this.rtp.map((packet) => rtpFieldsOf(packet).sequenceNumber)
  }
}

function senderOf(clock = new FakeClock(1000)): RtpSender {
  return new RtpSender({ clock, payloadType: 102, ssrc: 7, firstSequenceNumber: 0 })
}

/** `K` key, `p` not; `k` a damaged key, `x` a damaged other, `|` a new connection; timestamps count from 1. */
function unitsOf(script: string): StampedUnit[] {
  const units: StampedUnit[] = []
  let epoch = 1
  for (const sign of script) {
    if (sign === '|') {
      epoch++
      continue
    }
    const unit = madeUnit({
      isKey: sign === 'K' || sign === 'k',
      isDamaged: sign === 'k' || sign === 'x',
    })
    units.push(madeStamped({ unit, epoch, rtpTimestamp: units.length + 1 }))
  }
  return units
}

const scripts: readonly {
  readonly name: string
  readonly script: string
  readonly sent: readonly number[]
  readonly gaps: number
}[] = [
  { name: 'starts at the first key frame', script: 'ppKpp', sent: [3, 4, 5], gaps: 0 },
  {
    name: 'freezes from a loss to the next key frame',
    script: 'KpxppKp',
    sent: [1, 2, 6, 7],
    gaps: 1,
  },
  {
    name: 'does not end a freeze on a damaged key frame',
    script: 'KxkpKp',
    sent: [1, 5, 6],
    gaps: 1,
  },
  { name: 'a damaged key frame begins a freeze', script: 'KpkpKp', sent: [1, 2, 5, 6], gaps: 1 },
  { name: 'many losses in one freeze are one gap', script: 'KxxpxK', sent: [1, 6], gaps: 1 },
  { name: 'two freezes are two gaps', script: 'KxKxK', sent: [1, 3, 5], gaps: 2 },
  { name: 'a first unit that is damaged owes no gap', script: 'xpK', sent: [3], gaps: 0 },
  {
    name: 'a new connection waits for its key frame',
    script: 'Kp|ppKp',
    sent: [1, 2, 5, 6],
    gaps: 1,
  },
]
for (const { name, script, sent, gaps } of scripts)
  test(name, () => {
    const sender = senderOf()
    const output = new Recorder()
    sender.addOutput(output)
    for (const stamped of unitsOf(script)) sender.send(stamped)
    assert.deepEqual(output.units, sent)
    assert.equal((output.sequenceNumbers.at(-1) ?? 0) + 1 - output.rtp.length, gaps)
  })

test('nothing is packetized while nobody watches', () => {
  const sender = senderOf()
  for (const stamped of unitsOf('Kpp')) sender.send(stamped)
  const output = new Recorder()
  sender.addOutput(output)
  for (const stamped of unitsOf('Kp')) sender.send(stamped)
  assert.equal(output.sequenceNumbers[0], 0)
})

test('every output gets the same packets, one that left gets none', () => {
  const sender = senderOf()
  const [first, second] = [new Recorder(), new Recorder()]
  sender.addOutput(first)
  sender.addOutput(second)
  for (const stamped of unitsOf('Kp')) sender.send(stamped)
  assert.deepEqual(first.rtp, second.rtp)
  sender.removeOutput(second)
  for (const stamped of unitsOf('pp')) sender.send(stamped)
  assert.equal(first.rtp.length - second.rtp.length, 2)
})

test('the first viewer after a pause waits for a key frame and sees no gap', () => {
  const sender = senderOf()
  const first = new Recorder()
  sender.addOutput(first)
  for (const stamped of unitsOf('Kpx')) sender.send(stamped)
  sender.removeOutput(first)
  const second = new Recorder()
  sender.addOutput(second)
  for (const stamped of unitsOf('ppKp')) sender.send(stamped)
  assert.deepEqual(second.units, [3, 4])
  assert.equal(second.sequenceNumbers[0], (first.sequenceNumbers.at(-1) ?? 0) + 1)
})

test('a sender report a second ties wall time to the RTP time of capture', () => {
  const clock = new FakeClock(50_000, Date.UTC(2026, 0, 1, 0, 0, 0, 500))
  const sender = senderOf(clock)
  const output = new Recorder()
  sender.addOutput(output)
  for (let frame = 0; frame < 60; frame++) {
    clock.advance(40)
    const unit = madeUnit({ isKey: frame === 0 })
    // Captured 10 ms ago: 900 ticks of the RTP clock.
    const capturedAtMs = clock.nowMs() - 10
    sender.send(madeStamped({ unit, rtpTimestamp: 0xffff_fff0 + frame * 3600, capturedAtMs }))
  }
  assert.equal(output.rtcp.length, 3)
  const [report] = output.rtcp
  assert.ok(report !== undefined)
  assert.deepEqual([...report.subarray(0, 4)], [0x80, 200, 0, 6])
  assert.equal(report.readUInt32BE(4), 7)
  assert.equal(report.readUInt32BE(8), Date.UTC(2026, 0, 1) / 1000 + 2_208_988_800)
  assert.equal(Math.round((report.readUInt32BE(12) / 2 ** 32) * 1000), 540)
  assert.equal(report.readUInt32BE(16), (0xffff_fff0 + 900) >>> 0)
  assert.equal(report.readUInt32BE(20), 2, 'STAP-A and slice')
  assert.equal(report.readUInt32BE(24), 100 + 16)
})

test('a new output gets a report with its first unit', () => {
  const sender = senderOf()
  sender.addOutput(new Recorder())
  for (const stamped of unitsOf('Kp')) sender.send(stamped)
  const late = new Recorder()
  sender.addOutput(late)
  for (const stamped of unitsOf('p')) sender.send(stamped)
  assert.equal(late.rtcp.length, 1)
})
