import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { sleep, systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { inferenceThreads } from './inference-thread.ts'
import { ServingDetector } from './serving-detector.ts'
import { type ContenderName, contenders } from './simulation/contenders.ts'
import { meanOf } from './simulation/mean-metrics.ts'
import { printRow, printTitle } from './simulation/print-metrics.ts'
import { noisePictures, realRound } from './simulation/real-round.ts'
import { measure, type RunMetrics } from './simulation/run-metrics.ts'
import { alike, devices, type Scenario } from './simulation/scenario.ts'

/**
 * Policies in the real detector, with the real model on the CPU, at twice the load that the machine manages. They take
 * turns, so that what else runs on the machine falls on all of them. Pictures are noise; nothing is decoded.
 * `node gpu/policy.bench.ts [--data FOLDER] [--sessions N] [--batch N] [--load X] [--fps N] [--budget MS] [--seconds N]
 * [--rounds N] [--policy NAME]...`: a table and one line of JSON.
 */
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'data' },
    sessions: { type: 'string', default: '2' },
    batch: { type: 'string', default: '1' },
    load: { type: 'string', default: '2' },
    fps: { type: 'string', default: '30' },
    budget: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '4' },
    policy: { type: 'string', multiple: true },
  },
})
const warmMs = 1_000
const data = resolve(values.data)
const memory = noisePictures(416, 234)
const isWanted = (name: string): boolean =>
  values.policy?.includes(name) ??
  ['ours', 'fifo', 'fixed delay, timeout', 'round robin'].includes(name)

// Without a deadline and with too many cameras: what the machine manages.
const probe: Scenario = {
  ...devices.cores,
  sessions: Number(values.sessions),
  batchMax: Number(values.batch),
  alphaMs: 10,
  cameras: alike(16),
  budgetMs: 10_000,
  seconds: 3,
}
await using stack = new AsyncDisposableStack()
const detectors = new Map<ContenderName, ServingDetector>()
const runs = new Map<ContenderName, RunMetrics[]>()
for (const name of contenderNames()) {
  const detector = await open(name, { ...probe, budgetMs: Number(values.budget) })
  detectors.set(name, stack.use(detector))
  runs.set(name, [])
}
const first = detectors.values().next().value
if (first === undefined)
  throw new Error(`no such policy: one of ${Object.keys(contenders).join(', ')}`)
// Twice: the first batches of a process plan its memory.
let peakFps = 0
for (const seed of [0, 1]) {
  const { resultsFps } = measure(await round(first, probe, seed), warmMs)
  peakFps = Math.max(peakFps, resultsFps)
}
const wantedFps = Number(values.load) * peakFps
const fps = Number(values.fps)
const scenario: Scenario = {
  ...probe,
  budgetMs: Number(values.budget),
  seconds: Number(values.seconds),
  cameras: alike(Math.round(wantedFps / fps), { fps }),
}
for (let turn = 1; turn <= Number(values.rounds); turn++) {
  // Each is first once, second once, ...
  const order = [...detectors]
  order.push(...order.splice(0, turn % order.length))
  for (const [name, detector] of order)
    runs.get(name)?.push(measure(await round(detector, scenario, turn), warmMs))
}

const means = new Map([...runs].map(([name, metrics]) => [name, meanOf(metrics)]))
printTitle(`real run, the machine manages ${peakFps.toFixed(1)} results/s`, scenario)
for (const [name, mean] of means) printRow(name, mean)
const { sessions, batchMax, budgetMs, seconds, cameras } = scenario
process.stdout.write(
  `${JSON.stringify({
    bench: 'policy',
    sessions,
    batchMax,
    budgetMs,
    seconds,
    rounds: Number(values.rounds),
    cameras: cameras.length,
    fps,
    peakFps,
    policies: Object.fromEntries(
      [...means].map(([name, mean]) => [name, { ...mean, cameras: undefined }]),
    ),
  })}\n`,
)

function contenderNames(): ContenderName[] {
  return Object.keys(contenders).filter(
    (name): name is ContenderName => name in contenders && isWanted(name),
  )
}

function open(name: ContenderName, known: Scenario): Promise<ServingDetector> {
  return ServingDetector.open({
    start: inferenceThreads(new URL('inference-worker.ts', import.meta.url)),
    boot: {
      modelPath: join(data, 'models/yolox-nano.onnx'),
      cardPath: join(data, 'models/yolox-nano.json'),
      photoPath: join(data, 'self-test/parkour.jpg'),
      ffmpegPath: 'ffmpeg',
      executionProviders: ['cpu'],
      intraOpThreads: 1,
      deviceId: 0,
      batchMax: known.batchMax,
    },
    sessions: known.sessions,
    mode: known.mode,
    policy: (options) => contenders[name](options, known),
    clock: systemClock,
    log: silentLog,
  })
}

async function round(detector: ServingDetector, which: Scenario, seed: number) {
  const run = await realRound({ detector, scenario: which, memory, seed, clock: systemClock })
  // What ran when the time was over ends.
  await sleep(systemClock, 300)
  return run
}
