import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CameraView } from '#protocol/api.ts'
import { type SloView, sloSchema } from '#protocol/slo.ts'
import { FakeClock } from '#std/fake-clock.ts'
import type { CameraSlo } from './slo/camera-slo.ts'
import { openSlo, type SloMeasurement } from './slo/open-slo.ts'
import { sloView } from './slo-view.ts'

const minuteMs = 60_000

/** Cameras of 10 fps that are all to be detected, each result 60 ms old when it is delivered, unless the test says else. */
class SloRig {
  readonly clock = new FakeClock()
  utilization = 0.5
  readonly slo: SloMeasurement
  readonly #cameras = new Map<string, { slo: CameraSlo; view: CameraView }>()
  readonly #away = new Set<string>()
  readonly #latencies = new Map<string, number | null>()

  constructor(ids: readonly string[]) {
    this.slo = openSlo({ clock: this.clock, utilization: () => this.utilization })
    for (const id of ids) {
      const slo = this.slo.addCamera({
        cameraId: id,
        detectFps: 10,
        latencyBudgetMs: 200,
        weight: 1,
      })
      slo.setLive({ live: true })
      this.#cameras.set(id, { slo, view: viewOf(id) })
    }
  }

  /** Null: no results. */
  setLatency(id: string, latencyMs: number | null): void {
    this.#latencies.set(id, latencyMs)
  }

  setLive(id: string, live: boolean): void {
    this.#cameras.get(id)?.slo.setLive({ live })
    if (live) this.#away.delete(id)
    else this.#away.add(id)
  }

  shed(id: string): void {
    const camera = this.#cameras.get(id)
    assert.ok(camera !== undefined)
    camera.view = { ...camera.view, shed: { reason: 'inference capacity' } }
  }

  remove(id: string): void {
    this.#cameras.get(id)?.slo[Symbol.dispose]()
    this.#cameras.delete(id)
  }

  run(ms: number): void {
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      this.clock.advance(100)
      const nowMs = this.clock.nowMs()
      for (const [id, { slo, view }] of this.#cameras) {
        if (this.#away.has(id)) continue
        const latencyMs = this.#latencies.get(id) ?? (this.#latencies.has(id) ? null : 60)
        slo.received(nowMs)
        view.frames.received++
        if (latencyMs === null) {
          view.frames.late++
          continue
        }
        view.frames.detected++
        const at = { arrivedAtMs: nowMs, decodedAtMs: nowMs, dispatchedAtMs: nowMs }
        const capturedAtMs = nowMs - latencyMs
        slo.delivered({
          capturedAtMs,
          ...at,
          inferredAtMs: nowMs,
          postedAtMs: nowMs,
          publishedAtMs: nowMs,
        })
      }
    }
  }

  view(): SloView {
    return sloSchema.parse(
      sloView({
        report: this.slo.report(),
        cameras: Array.from(this.#cameras.values(), ({ view }) => view),
        utilization: this.utilization,
        clock: this.clock,
      }),
    )
  }
}

test('all is well: nothing is spent, everybody has what was asked for', () => {
  const rig = new SloRig(['door', 'gate'])
  rig.run(20 * minuteMs)
  const { summary, verdict, total, cameras, ...view } = rig.view()
  assert.equal(summary, 'No error budget is spent too fast.')
  assert.equal(verdict, 'ok')
  assert.equal(view.fairness.index, 1)
  assert.deepEqual(view.ageOfInformation, { meanMs: 60, worstMs: 60, worstCamera: 'door' })
  assert.deepEqual(
    cameras.map(({ demandedFps, resultFps, fairShareFps }) => [
      demandedFps,
      resultFps,
      fairShareFps,
    ]),
    [
      [10, 10, 10],
      [10, 10, 10],
    ],
  )
  assert.equal(view.resultFps, 20)
  assert.equal(total.goodput.ratio, 1)
  assert.equal(total.timeliness.budgetLeft, 1)
  assert.equal(total.timeliness.total, 24_000)
  assert.equal(Date.parse(view.at) - Date.parse(view.since), 20 * minuteMs)
})

test('every camera too slow for minutes is a page, and over an hour after it is not', () => {
  const rig = new SloRig(['door', 'gate'])
  rig.run(60 * minuteMs)
  for (const id of ['door', 'gate']) rig.setLatency(id, 250)
  rig.run(6 * minuteMs)
  assert.equal(rig.view().verdict, 'ok')
  rig.run(6 * minuteMs)
  const view = rig.view()
  assert.equal(view.verdict, 'page')
  assert.deepEqual(view.total.timeliness.because, {
    verdict: 'page',
    long: '1h',
    short: '5m',
    limit: 14.4,
  })
  assert.match(
    view.summary,
    /^Page: results come later than the latency budget; the error budget is spent 1\d(\.\d)? times too fast over 1h and 5m\./,
  )
  assert.ok((view.total.timeliness.budgetLeft ?? 0) < 0)
  assert.equal(view.total.freshness.verdict, 'ok')
  for (const id of ['door', 'gate']) rig.setLatency(id, 60)
  rig.run(5 * minuteMs)
  assert.notEqual(rig.view().total.timeliness.because?.short, '5m')
})

test('one camera of many that gives no results is a ticket, named', () => {
  const rig = new SloRig(Array.from({ length: 20 }, (_, i) => `cam${i}`))
  rig.run(60 * minuteMs)
  rig.setLatency('cam7', null)
  rig.run(6 * minuteMs)
  const view = rig.view()
  assert.equal(view.verdict, 'ticket')
  assert.equal(view.total.freshness.verdict, 'ok')
  assert.deepEqual(view.worstCamera, {
    camera: 'cam7',
    indicator: 'freshness',
    verdict: 'page',
  })
  assert.match(
    view.summary,
    /^Ticket: camera cam7: the newest results are too old; .*\. 1 of 20 cameras have no fresh results now: cam7\.$/,
  )
  assert.ok((view.fairness.index ?? 1) < view.fairness.objective)
})

test('a camera that is away counts in availability only, and wakes nobody', () => {
  const rig = new SloRig(['door', 'gate'])
  rig.run(60 * minuteMs)
  rig.setLive('gate', false)
  rig.run(60 * minuteMs)
  const view = rig.view()
  assert.equal(view.verdict, 'ticket')
  assert.match(view.summary, /1 of 2 cameras are away now: gate\.$/)
  const gate = view.cameras.find(({ camera }) => camera === 'gate')
  assert.equal(gate?.indicators.availability.verdict, 'ticket')
  assert.equal(gate?.indicators.availability.ratio, 0.5)
  assert.ok((gate?.indicators.freshness.ratio ?? 0) > 0.9999)
  // Back for a moment, without a result: an hour of nothing is not an hour of failures.
  rig.setLive('gate', true)
  rig.setLatency('gate', null)
  rig.run(5_000)
  assert.equal(
    rig.view().cameras.find(({ camera }) => camera === 'gate')?.indicators.freshness.verdict,
    'ok',
  )
})

test('right after the start a bad second alarms nobody, and total failure does within five minutes', () => {
  const rig = new SloRig(['door'])
  rig.setLatency('door', null)
  rig.run(20_000)
  assert.equal(rig.view().verdict, 'ok')
  assert.equal(rig.view().total.freshness.ratio, 0)
  rig.run(5 * minuteMs)
  assert.equal(rig.view().verdict, 'page')
})

test('in overload goodput is not promised but counted, and who is short is named', () => {
  const rig = new SloRig(['door', 'gate'])
  rig.run(1000)
  rig.utilization = 0.97
  rig.setLatency('gate', null)
  rig.shed('gate')
  rig.run(60_000)
  const view = rig.view()
  const gate = view.cameras.find(({ camera }) => camera === 'gate')
  assert.deepEqual(gate?.indicators.goodput, { ...gate?.indicators.goodput, good: 10, total: 10 })
  assert.deepEqual(gate?.indicators.overload, { good: 0, total: 600, ratio: 0 })
  assert.equal(view.shedCameras, 1)
  assert.match(
    view.summary,
    /1 of 2 cameras get fewer results than configured \(inference capacity\): gate\.$/,
  )
})

test('frames are conserved, and a removed camera stays in the total of the indicators', () => {
  const rig = new SloRig(['door', 'gate'])
  rig.setLatency('door', null)
  rig.run(10_000)
  rig.remove('gate')
  rig.run(10_000)
  const { frames, total, cameras } = rig.view()
  const { received, ...ended } = frames
  assert.equal(received, 200)
  assert.equal(
    received,
    Object.values(ended).reduce((a, b) => a + b, 0),
  )
  assert.deepEqual(
    cameras.map(({ camera }) => camera),
    ['door'],
  )
  assert.equal(total.timeliness.total, 100)
})

function viewOf(id: string): CameraView {
  return {
    id,
    name: id,
    url: 'rtsp://camera.test/1',
    managedBy: 'api',
    persisted: false,
    detectFps: 10,
    latencyBudgetMs: 200,
    weight: 1,
    state: 'live',
    code: null,
    reason: null,
    epoch: 0,
    reconnects: 0,
    codec: null,
    relay: 'idle',
    viewers: 0,
    measuredFps: 10,
    effectiveFps: 10,
    shed: null,
    frames: {
      received: 0,
      detected: 0,
      superseded: 0,
      late: 0,
      paced: 0,
      damaged: 0,
      failed: 0,
      inFlight: 0,
    },
  }
}
