import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BusyMeter } from './busy-meter.ts'

/** Runs for `busyMs` of every `periodMs`. */
function busyFor(
  meter: BusyMeter,
  from: number,
  to: number,
  busyMs: number,
  periodMs: number,
): void {
  for (let atMs = from; atMs < to; atMs += periodMs) {
    meter.begin(atMs)
    meter.end(atMs + busyMs)
  }
}

test('Nothing has run at the first instant.', () => {
  assert.equal(new BusyMeter(1_000).share(1_000), 0)
})

test('The share of a young meter is of its own life.', () => {
  const meter = new BusyMeter(1_000)
  meter.begin(1_100)
  assert.equal(meter.share(1_200), 0.5)
  meter.end(1_200)
  assert.equal(meter.share(1_400), 0.25)
})

for (const { busyMs, periodMs } of [
  { busyMs: 10, periodMs: 40 },
  { busyMs: 30, periodMs: 33 },
  { busyMs: 700, periodMs: 1_400 },
])
  test(`Running ${busyMs} of ${periodMs} ms is a share of ${(busyMs / periodMs).toFixed(2)}, however long.`, () => {
    const meter = new BusyMeter(777)
    busyFor(meter, 777, 60_777, busyMs, periodMs)
    const share = meter.share(60_777)
    assert.ok(Math.abs(share - busyMs / periodMs) < 0.1, `${share}`)
  })

test('What ran five seconds ago no longer counts, and the total keeps it.', () => {
  const meter = new BusyMeter(0)
  meter.begin(0)
  meter.end(3_000)
  assert.ok(meter.share(4_000) > 0.7)
  assert.equal(meter.share(8_100), 0)
  assert.equal(meter.share(100_000), 0)
  assert.equal(meter.totalMs(100_000), 3_000)
})

test('One run that does not end is a share of one.', () => {
  const meter = new BusyMeter(0)
  meter.begin(10_000)
  assert.equal(meter.share(20_123), 1)
})
