import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram } from '#std/histogram.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { openSlo } from '../slo/open-slo.ts'
import { createMetrics } from './metrics.ts'
import { metricTable } from './metric-table.ts'
import type { MetricSources } from './metric-sources.ts'

test('every line is Prometheus text: one HELP and TYPE a name, no series twice', async () => {
  const text = await createMetrics(sourcesOf().sources).text()
  const { types, samples } = parse(text)
  assert.equal(new Set(samples.keys()).size, samples.size)
  for (const name of types.keys()) assert.ok(name.startsWith('sightline_'), name)
  for (const row of metricTable) assert.equal(types.get(`sightline_${row.name}`), row.type)
  assert.ok(types.has('sightline_nodejs_eventloop_lag_seconds'))
})

test('numbers come from the sources, in base units', async () => {
  const { sources } = sourcesOf()
  const { samples } = parse(await createMetrics(sources).text())
  const expected: readonly [string, number][] = [
    ['sightline_frames_total{camera="a",outcome="detected"}', 7],
    ['sightline_frames_total{camera="a",outcome="superseded"}', 2],
    ['sightline_frames_in_flight{camera="a"}', 1],
    ['sightline_age_of_information_seconds{camera="a"}', 0.25],
    ['sightline_slo_good_total{indicator="timeliness",camera="a"}', 1],
    ['sightline_slo_total{indicator="timeliness",camera="a"}', 2],
    ['sightline_slo_good_total{indicator="goodput",camera="a"}', 1],
    ['sightline_slo_total{indicator="goodput",camera="a"}', 3],
    ['sightline_slo_total{indicator="overload",camera="a"}', 0],
    ['sightline_shed_fps{camera="a"}', 3],
    ['sightline_shed_results_total{camera="a"}', 14.5],
    ['sightline_camera_state{camera="a",state="live"}', 1],
    ['sightline_camera_state{camera="a",state="stalled"}', 0],
    ['sightline_camera_reconnects_total{camera="a",reason="no_data"}', 3],
    ['sightline_subscribers{encoding="json"}', 4],
    ['sightline_subscriber_conflated_total', 5],
    ['sightline_subscriber_evicted_total', 6],
    ['sightline_overlay_boxes_total{match="held"}', 9],
    ['sightline_inference_utilization_ratio', 0.5],
    ['sightline_relay_viewers', 8],
    ['sightline_restarts_total{part="decoder"}', 11],
    ['sightline_restarts_total{part="relay"}', 12],
    ['sightline_restarts_total{part="inference"}', 13],
    [
      'sightline_model_info{name="yolox_nano",version="",sha="abc",provider="cpu",precision="fp32"}',
      1,
    ],
  ]
  for (const [series, value] of expected) assert.equal(samples.get(series), value, series)
})

test('histograms are cumulative and end in +Inf, _sum and _count', async () => {
  const { samples } = parse(await createMetrics(sourcesOf().sources).text())
  const bucket = (le: string) => samples.get(`sightline_end_to_end_seconds_bucket{le="${le}"}`)
  assert.deepEqual(['0.075', '0.1', '0.25', '2', '+Inf'].map(bucket), [0, 1, 2, 2, 2])
  assert.equal(samples.get('sightline_end_to_end_seconds_count'), 2)
  assert.equal(samples.get('sightline_end_to_end_seconds_sum'), 0.35)
  assert.equal(samples.get('sightline_stage_duration_seconds_count{stage="publish"}'), 2)
  assert.equal(samples.get('sightline_batch_size_bucket{le="4"}'), 1)
})

test('a removed camera’s series are gone at the next scrape', async () => {
  const { sources, removeCamera } = sourcesOf()
  const metrics = createMetrics(sources)
  assert.match(await metrics.text(), /camera="a"/)
  removeCamera()
  assert.doesNotMatch(await metrics.text(), /camera="a"/)
})

test('two scrapes without change say the same of us', async () => {
  const metrics = createMetrics(sourcesOf().sources)
  const own = (text: string) => text.split('\n').filter((line) => !/_(nodejs|process)_/.test(line))
  assert.deepEqual(own(await metrics.text()), own(await metrics.text()))
})

/** The text format 0.0.4: `# HELP name text`, `# TYPE name type`, `name{labels} value`. */
function parse(text: string): { types: Map<string, string>; samples: Map<string, number> } {
  const types = new Map<string, string>()
  const samples = new Map<string, number>()
  const helps = new Set<string>()
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const help = /^# HELP ([a-z_:][a-z0-9_:]*) \S/i.exec(line)
    const type = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram|summary)$/i.exec(line)
    const sample =
      /^(([a-z_:][a-z0-9_:]*)(?:\{(?:[a-z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)+\})?) (\S+)$/i.exec(line)
    if (help?.[1] !== undefined) {
      assert.ok(!helps.has(help[1]), `HELP ${help[1]} once`)
      helps.add(help[1])
    } else if (type?.[1] !== undefined) {
      assert.ok(!types.has(type[1]), `TYPE ${type[1]} once`)
      types.set(type[1], type[2] ?? '')
    } else {
      assert.ok(sample !== null, `not Prometheus text: ${line}`)
      const [, series = '', name = '', value = ''] = sample
      assert.ok(!samples.has(series), `${series} once`)
      assert.ok(types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, '')), line)
      assert.ok(value === 'Nan' || Number.isFinite(Number(value)), line)
      samples.set(series, Number(value))
    }
  }
  assert.deepEqual([...types.keys()].sort(), [...helps].sort())
  return { types, samples }
}

function sourcesOf(): { sources: MetricSources; removeCamera: () => void } {
  const clock = new FakeClock(1_000)
  const slo = openSlo({ clock, utilization: () => 0.5 })
  const camera = slo.addCamera({ cameraId: 'a', detectFps: 10, latencyBudgetMs: 200, weight: 1 })
  for (const capturedAtMs of [700, 750, 800, 900]) camera.received(capturedAtMs)
  for (const [capturedAtMs, latencyMs] of [
    [700, 250],
    [750, 100],
  ] as const)
    camera.delivered({
      capturedAtMs,
      arrivedAtMs: capturedAtMs,
      decodedAtMs: capturedAtMs,
      dispatchedAtMs: capturedAtMs,
      inferredAtMs: capturedAtMs,
      postedAtMs: capturedAtMs,
      publishedAtMs: capturedAtMs + latencyMs,
    })
  const batchSizes = new Histogram([1, 2, 4, 8])
  batchSizes.observe(3)
  const frames = {
    received: 12,
    detected: 7,
    superseded: 2,
    late: 1,
    paced: 1,
    damaged: 0,
    failed: 0,
    inFlight: 1,
  }
  let cameras = [
    {
      id: 'a',
      state: 'live' as const,
      frames,
      shed: { reason: 'inference capacity' },
      detectFps: 10,
      measuredFps: 25,
      effectiveFps: 7,
    },
  ]
  const sources: MetricSources = {
    slo,
    cameras: {
      list: () => cameras,
      reconnects: () => cameras.map(({ id }) => ({ camera: id, reason: 'no_data', count: 3 })),
      shedResults: () => cameras.map(({ id }) => ({ camera: id, count: 14.5 })),
    },
    publisher: {
      stats: () => ({
        subscribers: 4,
        messages: 100,
        bytes: 1_000,
        conflated: 5,
        evicted: 6,
        refused: 0,
        rateLimited: 0,
        badMessages: 0,
        beacons: {
          boxes: { exact: 1, interpolated: 0, held: 9 },
          displayDelay: new Histogram([0.01, 0.1]),
        },
      }),
    },
    relay: { status: () => ({ viewers: 8, restarts: 12 }) },
    inference: {
      status: () => ({
        restarts: 13,
        utilization: 0.5,
        executionProvider: 'cpu',
        model: { name: 'yolox_nano', sha256: 'abc', precision: 'fp32' },
      }),
      batchSizes: () => batchSizes,
    },
    decoder: { restarts: () => 11 },
  }
  return {
    sources,
    removeCamera() {
      cameras = []
      camera[Symbol.dispose]()
    },
  }
}
