import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ObjectiveCounters } from './objective-counters.ts'

const counters = (options: { detectFps?: number; latencyBudgetMs?: number } = {}) =>
  new ObjectiveCounters({
    cameraId: 'a',
    detectFps: 10,
    latencyBudgetMs: 200,
    weight: 1,
    ...options,
  })
const calm = { isOverloaded: false }
const busy = { isOverloaded: true }
const stamps = (capturedAtMs: number, latencyMs: number) => ({
  capturedAtMs,
  publishedAtMs: capturedAtMs + latencyMs,
})

const limits: readonly [
  title: string,
  detectFps: number,
  budgetMs: number,
  cameraFps: number,
  limitMs: number,
][] = [
  ['300 ms at least', 30, 100, 30, 300],
  ['1.5 periods of the detect rate and the budget', 10, 200, 30, 350],
  ['the camera’s period where it is slower', 10, 200, 5, 500],
  ['the camera’s period when every frame is wanted', 0, 200, 5, 500],
  ['the detect rate while the camera’s is unknown', 2, 200, 0, 950],
  ['the budget alone while neither is known', 0, 400, 0, 400],
]
for (const [title, detectFps, latencyBudgetMs, cameraFps, limitMs] of limits)
  test(`the freshness limit is ${title}`, () => {
    const camera = counters({ detectFps, latencyBudgetMs })
    camera.setCameraFps(cameraFps)
    assert.equal(camera.freshnessLimitMs, limitMs)
  })

test('a live camera is fresh while its newest result is young enough, offline it does not count', () => {
  const camera = counters()
  const { freshness, availability } = camera.counts
  camera.setLive({ live: true })
  camera.sample(1_000)
  assert.deepEqual(freshness, { good: 0, total: 1 })
  camera.delivered(stamps(1_000, 50), calm)
  camera.sample(1_350)
  assert.deepEqual(freshness, { good: 1, total: 2 })
  camera.sample(1_351)
  assert.deepEqual(freshness, { good: 1, total: 3 })
  camera.setLive({ live: false })
  camera.sample(1_400)
  assert.deepEqual(freshness, { good: 1, total: 3 })
  assert.deepEqual(availability, { good: 3, total: 4 })
})

test('a result is timely within the budget', () => {
  const camera = counters()
  camera.delivered(stamps(1_000, 200), calm)
  camera.delivered(stamps(1_100, 201), calm)
  assert.deepEqual(camera.counts.timeliness, { good: 1, total: 2 })
})

test('of the frames that are asked for, those with a result in time are good put', () => {
  const camera = counters()
  for (let frame = 0; frame < 298; frame++) camera.received((frame * 1000) / 30, calm)
  assert.deepEqual(camera.counts.goodput, { good: 0, total: 100 })
  for (let result = 0; result < 60; result++)
    camera.delivered(stamps(result * 100, result % 3 === 0 ? 201 : 60), calm)
  assert.deepEqual(camera.counts.goodput, { good: 40, total: 100 })
})

test('what is asked for in overload is no part of the objective', () => {
  const camera = counters({ detectFps: 0 })
  for (const load of [calm, busy, busy])
    for (let frame = 0; frame < 10; frame++) {
      camera.received(frame * 40, load)
      if (frame % 2 === 0) camera.delivered(stamps(frame * 40, 60), load)
    }
  assert.deepEqual(camera.counts.goodput, { good: 5, total: 10 })
  assert.deepEqual(camera.counts.overload, { good: 10, total: 20 })
})

test('the age counts from the newest capture, even if an older one came after it', () => {
  const camera = counters()
  assert.equal(camera.ageMs(5_000), null)
  camera.delivered(stamps(1_000, 50), calm)
  camera.delivered(stamps(900, 160), calm)
  assert.equal(camera.ageMs(1_500), 500)
})
