import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffDelayMs } from './backoff.ts'
import { sleep, systemClock, withTimeout } from './clock.ts'
import { FakeClock } from './fake-clock.ts'
import { Histogram } from './histogram.ts'
import { createLog } from './log.ts'
import { LossCounter } from './loss-counter.ts'

test('back-off doubles up to its cap and spreads by the jitter', () => {
  const at = (attempt: number, random: number): number =>
    backoffDelayMs({ attempt, firstMs: 250, capMs: 5000, random })
  assert.deepEqual(
    [0, 1, 2, 5, 2000].map((n) => at(n, 0.5)),
    [250, 500, 1000, 5000, 5000],
  )
  assert.equal(at(0, 0), 200)
  assert.ok(at(0, 0.999_999) < 300)
})

test('a fake clock runs what falls due in order, each at its instant', () => {
  const clock = new FakeClock(0)
  const seen: string[] = []
  clock.after(30, () => seen.push(`late@${clock.nowMs()}`))
  clock.every(10, () => seen.push(`tick@${clock.nowMs()}`))
  using cancelled = clock.after(5, () => seen.push('never'))
  cancelled[Symbol.dispose]()
  clock.advance(30)
  assert.deepEqual(seen, ['tick@10', 'tick@20', 'late@30', 'tick@30'])
})

test('a sleep ends with its signal, and leaves no timer', async () => {
  const clock = new FakeClock()
  const controller = new AbortController()
  const slept = sleep(clock, 1e9, controller.signal)
  controller.abort()
  await slept
  assert.equal(clock.pendingCount, 0)
})

test('work that takes too long gives way to the time-out', async () => {
  const clock = new FakeClock()
  const outcome = withTimeout(clock, new Promise<string>(() => {}), 100, () => 'gave up')
  clock.advance(100)
  assert.equal(await outcome, 'gave up')
})

test('work that fails in time fails as it did', async () => {
  const clock = new FakeClock()
  const work = Promise.reject(new Error('no'))
  await assert.rejects(
    withTimeout(clock, work, 100, () => 'gave up'),
    /^Error: no$/,
  )
})

test('the system clock is monotonic and comparable across reads', () => {
  const a = systemClock.nowMs()
  const b = systemClock.nowMs()
  assert.ok(b >= a && b - a < 10_000)
})

test('a flood of losses is one report at once and one a second, and none is lost', () => {
  const clock = new FakeClock()
  const reports: number[] = []
  const losses = new LossCounter(clock, (count) => reports.push(count))
  for (let i = 0; i < 100; i++) losses.add('x')
  assert.deepEqual(reports, [1])
  clock.advance(1000)
  assert.deepEqual(reports, [1, 99])
  losses.add('y')
  losses[Symbol.dispose]()
  assert.deepEqual(reports, [1, 99, 1])
  assert.equal(clock.pendingCount, 0)
})

test('a histogram counts on its edges and interpolates quantiles', () => {
  const histogram = new Histogram([10, 20, 40])
  for (const value of [10, 11, 20, 39, 1000]) histogram.observe(value)
  assert.deepEqual([...histogram.counts], [1, 2, 1, 1])
  assert.equal(histogram.total, 5)
  assert.equal(histogram.sum, 1080)
  assert.equal(histogram.quantile(0.2), 10)
  assert.equal(histogram.quantile(1), 40)
  assert.equal(new Histogram([1]).quantile(0.5), null)
})

test('a log line carries time, level, area and fields, and no secret', () => {
  const lines: string[] = []
  const log = createLog({ clock: new FakeClock(), level: 'info', write: (l) => lines.push(l) })
  log.area('camera', { camera: 'a' }).warn('cannot open rtsp://u:pw@h/x\nreally', { tries: 3 })
  log.debug('not shown')
  assert.deepEqual(lines, [
    '2026-01-01T00:00:00.000Z warn  camera: cannot open rtsp://u:***@h/x really camera=a tries=3',
  ])
})
