import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ObjectiveCounters } from './objective-counters.ts'

const counters = (options: { detectFps?: number; latencyBudgetMs?: number } = {}) =>
  new ObjectiveCounters({ cameraId: 'a', detectFps: 10, latencyBudgetMs: 200, ...options })

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
  camera.setLive({ live: true })
  camera.sample(1_000)
  assert.deepEqual(camera.freshness, { good: 0, total: 1 })
  camera.delivered(1_000, 1_050)
  camera.sample(1_350)
  assert.deepEqual(camera.freshness, { good: 1, total: 2 })
  camera.sample(1_351)
  assert.deepEqual(camera.freshness, { good: 1, total: 3 })
  camera.setLive({ live: false })
  camera.sample(1_400)
  assert.deepEqual(camera.freshness, { good: 1, total: 3 })
  assert.deepEqual(camera.availability, { good: 3, total: 4 })
})

test('a result is timely within the budget', () => {
  const camera = counters()
  camera.delivered(1_000, 1_200)
  camera.delivered(1_100, 1_301)
  assert.deepEqual(camera.timeliness, { good: 1, total: 2 })
})

test('the age counts from the newest capture, even if an older one came after it', () => {
  const camera = counters()
  assert.equal(camera.ageMs(5_000), null)
  camera.delivered(1_000, 1_050)
  camera.delivered(900, 1_060)
  assert.equal(camera.ageMs(1_500), 500)
})
