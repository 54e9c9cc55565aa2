import { systemClock } from '#std/clock.ts'
import { Histogram } from '#std/histogram.ts'
import { Camera } from '../camera/camera.ts'
import { CameraRig, rigConfig } from '../camera/camera-rig.ts'
import { FrameLedger } from '../camera/frame-ledger.ts'
import { openSlo, type SloMeasurement } from '../slo/open-slo.ts'
import type { MetricSources } from './metric-sources.ts'
import { createMetrics } from './metrics.ts'

/**
 * What measuring costs, in shares of one core: all that is counted for 16 cameras of 30 fps with 100 results a second
 * between them, a scrape every 5 s, and prom-client's own process metrics. The same timers run first without any of it.
 * `node server/metrics/metrics-cost.bench.ts [cameras] [seconds]`
 */
const cameraCount = Number(process.argv[2] ?? 16)
const seconds = Number(process.argv[3] ?? 20)
const sourceFps = 30
const resultsASecond = 100
const scrapePeriodMs = 5000

interface Counted {
  frame(index: number): void
  result(index: number): void
  /** Returns the length of the text. */
  scrape(): Promise<number>
}

const nothing: Counted = { frame() {}, result() {}, scrape: () => Promise.resolve(0) }
const model = { name: 'm', sha256: 'f'.repeat(64) }
const batchSizes = new Histogram([1, 2, 4, 8, 16, 32])
const displayDelay = new Histogram([0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1])

await cpuShare(nothing)
const without = await cpuShare(nothing)
using slo = openSlo({ clock: systemClock, utilization: () => 0.5 })
const withAll = await cpuShare(counting(slo))
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
process.stdout.write(
  `${cameraCount} cameras: measuring costs ${percent(withAll.share - without.share)} of a core ` +
    `(${percent(withAll.share)} with, ${percent(without.share)} without); ` +
    `a scrape ${withAll.scrapeMs.toFixed(1)} ms of CPU, ${withAll.bytes} bytes\n`,
)
process.exit()

async function cpuShare(
  counted: Counted,
): Promise<{ share: number; scrapeMs: number; bytes: number }> {
  let [turns, results, scrapes, scrapeMs, bytes] = [0, 0, 0, 0, 0]
  const startAtMs = systemClock.nowMs()
  const startCpuMs = cpuMs()
  let elapsedMs = 0
  while (elapsedMs < seconds * 1000) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    elapsedMs = systemClock.nowMs() - startAtMs
    for (; turns < (elapsedMs * sourceFps) / 1000; turns++)
      for (let camera = 0; camera < cameraCount; camera++) counted.frame(camera)
    for (; results < (elapsedMs * resultsASecond) / 1000; results++)
      counted.result(results % cameraCount)
    if (elapsedMs < (scrapes + 1) * scrapePeriodMs) continue
    scrapes++
    const fromCpuMs = cpuMs()
    bytes = await counted.scrape()
    scrapeMs += cpuMs() - fromCpuMs
  }
  return {
    share: (cpuMs() - startCpuMs) / elapsedMs,
    scrapeMs: scrapeMs / Math.max(1, scrapes),
    bytes,
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function counting(measurement: SloMeasurement): Counted {
  const cameras = Array.from({ length: cameraCount }, (_, index) => {
    const config = rigConfig(`camera-${index}`)
    const counted = measurement.addCamera({ ...config, cameraId: config.id, detectFps: 0 })
    counted.setLive({ live: true })
    return {
      view: new Camera(config, 'api', new CameraRig().parts),
      counted,
      ledger: new FrameLedger(),
    }
  })
  const metrics = createMetrics(
    sourcesOf(
      measurement,
      cameras.map(({ view }) => view),
    ),
  )
  return {
    frame(index) {
      const { ledger, counted } = cameras[index] ?? fail()
      ledger.received()
      counted.received(systemClock.nowMs())
      ledger.settled('superseded')
    },
    result(index) {
      const { ledger, counted } = cameras[index] ?? fail()
      const nowMs = systemClock.nowMs()
      ledger.received()
      ledger.settled('detected')
      ledger.takeMissed()
      batchSizes.observe(1)
      counted.delivered({
        capturedAtMs: nowMs - 60,
        arrivedAtMs: nowMs - 59,
        decodedAtMs: nowMs - 50,
        dispatchedAtMs: nowMs - 40,
        inferredAtMs: nowMs - 2,
        postedAtMs: nowMs - 1,
        publishedAtMs: nowMs,
      })
    },
    scrape: async () => (await metrics.text()).length,
  }
}

/** Views of real cameras: making them is a part of a scrape. */
function sourcesOf(measurement: SloMeasurement, cameras: readonly Camera[]): MetricSources {
  return {
    slo: measurement,
    cameras: {
      list: () => cameras.map((camera) => camera.view()),
      reconnects: () => [],
      shedResults: () => cameras.map(({ config }) => ({ camera: config.id, count: 0 })),
    },
    publisher: {
      stats: () => ({
        subscribers: 1,
        messages: 1,
        bytes: 1,
        conflated: 0,
        evicted: 0,
        refused: 0,
        rateLimited: 0,
        badMessages: 0,
        beacons: { boxes: { exact: 0, interpolated: 0, held: 0 }, displayDelay },
      }),
    },
    relay: { status: () => ({ viewers: 0, restarts: 0 }) },
    inference: {
      status: () => ({ restarts: 0, utilization: 0.5, executionProvider: 'cpu', model }),
      batchSizes: () => batchSizes,
    },
    decoder: { restarts: () => 0 },
  }
}

function fail(): never {
  throw new Error('there is no such camera')
}
