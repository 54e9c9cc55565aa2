import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import type { DeliveredStamps } from './camera-slo.ts'
import { openSlo } from './open-slo.ts'
import { stages } from './stages.ts'

const objective = { cameraId: 'a', detectFps: 10, latencyBudgetMs: 200, weight: 1 }

const utilization = (): number => 0.5

function stampsFrom(capturedAtMs: number): DeliveredStamps {
  return {
    capturedAtMs,
    arrivedAtMs: capturedAtMs + 1,
    decodedAtMs: capturedAtMs + 16,
    dispatchedAtMs: capturedAtMs + 41,
    inferredAtMs: capturedAtMs + 101,
    postedAtMs: capturedAtMs + 101.5,
    publishedAtMs: capturedAtMs + 102,
  }
}

test('each stage and the whole way are counted in seconds', () => {
  using slo = openSlo({ clock: new FakeClock(), utilization })
  using camera = slo.addCamera(objective)
  camera.delivered(stampsFrom(1_000))
  camera.delivered(stampsFrom(1_100))
  const sums = stages.map((stage) => Math.round(slo.timer.stages[stage].sum * 1e6) / 1e6)
  assert.deepEqual(sums, [0.002, 0.03, 0.05, 0.12, 0.001, 0.001])
  assert.ok(Math.abs(slo.timer.endToEnd.sum - 0.204) < 1e-9)
  assert.equal(slo.timer.endToEnd.total, 2)
})

test('a capture a hair after its arrival counts as no time', () => {
  using slo = openSlo({ clock: new FakeClock(), utilization })
  using camera = slo.addCamera(objective)
  camera.delivered({ ...stampsFrom(1_000), arrivedAtMs: 999.99 })
  assert.equal(slo.timer.stages.receive.sum, 0)
})

test('freshness is sampled every 100 ms, also for ticks that a blocked event loop swallowed', () => {
  const clock = new BlockableClock()
  using slo = openSlo({ clock, utilization })
  using camera = slo.addCamera(objective)
  camera.setLive({ live: true })
  camera.delivered(stampsFrom(clock.nowMs() - 102))
  clock.advance(200)
  const [view] = slo.cameras()
  assert.deepEqual(view?.indicators.freshness, { good: 2, total: 2 })
  // 1 s without ticks, then one: at its ten instants the result is 402 ms old and more, the limit is 350.
  clock.block(1_000)
  assert.deepEqual(slo.cameras()[0]?.indicators.freshness, { good: 2, total: 12 })
})

test('a machine that slept does not count its sleep', () => {
  const clock = new BlockableClock()
  using slo = openSlo({ clock, utilization })
  using camera = slo.addCamera(objective)
  camera.setLive({ live: true })
  clock.block(3_600_000)
  assert.equal(slo.cameras()[0]?.indicators.availability.total, 1)
})

test('a removed camera is gone, and its successor starts anew', () => {
  using slo = openSlo({ clock: new FakeClock(), utilization })
  const first = slo.addCamera(objective)
  first.delivered(stampsFrom(900))
  first[Symbol.dispose]()
  assert.deepEqual(slo.cameras(), [])
  using second = slo.addCamera(objective)
  second.setLive({ live: true })
  first[Symbol.dispose]()
  assert.deepEqual(
    slo.cameras().map(({ cameraId, ageOfInformationMs }) => [cameraId, ageOfInformationMs]),
    [['a', null]],
  )
})

test('nothing samples on after disposal', () => {
  const clock = new FakeClock()
  openSlo({ clock, utilization })[Symbol.dispose]()
  assert.equal(clock.pendingCount, 0)
})

/** Lets time pass without its ticks, as a blocked event loop does; one tick comes at the end. */
class BlockableClock extends FakeClock {
  #blockedMs = 0

  override nowMs(): number {
    return super.nowMs() + this.#blockedMs
  }

  block(ms: number): void {
    this.#blockedMs += ms - 100
    this.advance(100)
  }
}
