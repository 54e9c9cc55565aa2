import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { offered } from './inference.fixture.ts'
import { openDetector, type OpenDetectorOptions } from './open-detector.ts'
import { upperSlope } from './upper-slope.ts'

/**
 * Does a server that runs for months keep its memory? Many runs in two sessions, then many openings and closings of
 * both, and the resident memory of the process over them: the upper 95 % bound of its slope after a warm-up must stay
 * below a limit, else the exit code is 1. An abort of native code ends it with a signal.
 * `node gpu/session-soak.bench.ts --runs 10000 --cycles 200 --isolation thread --data data`
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '10000' },
    cycles: { type: 'string', default: '200' },
    isolation: { type: 'string', default: 'thread' },
    data: { type: 'string', default: 'data' },
  },
})
const models = resolve(values.data, 'models')
const options: OpenDetectorOptions = {
  modelPath: join(models, 'yolox-nano.onnx'),
  cardPath: join(models, 'yolox-nano.json'),
  photoPath: resolve(values.data, 'self-test/parkour.jpg'),
  ffmpegPath: 'ffmpeg',
  sessions: 2,
  isolation: values.isolation === 'process' ? 'process' : 'thread',
  clock: systemClock,
  log: silentLog,
}
const size = { width: 416, height: 234 }
const samplesWanted = 100
/** Of all samples, those that come first: pools, arenas and compiled code grow to their size. */
const warmUpShare = 0.3
/** A megabyte a thousand runs is 10 GB a day at 120 a second: 0.1 is what noise of the measurement needs. */
const mibThousandRunsMax = 0.1
/** Models are changed by hand, a few times a day; a replaced worker is rarer still. */
const mibACycleMax = 0.1

interface Sample {
  readonly at: number
  readonly mib: number
}

function resident(): number {
  return process.memoryUsage.rss() / 2 ** 20
}

/** `count` frames of four streams through one detector; the pictures differ, so that boxes do. */
async function runs(count: number): Promise<readonly Sample[]> {
  await using detector = await openDetector(options)
  const samples: Sample[] = []
  const finished = Promise.withResolvers<void>()
  let ended = 0
  let lost = 0
  const memory = new SharedArrayBuffer(2 * size.width * size.height * 3)
  new Uint8Array(memory).forEach((_, index, pixels) => {
    pixels[index] = (index * index) % 253
  })
  const streams = Array.from({ length: 4 }, (_, index) => {
    const offer = (): void => {
      const frame = offered(String(index), systemClock.nowMs(), (index * 997) % 290_000)
      stream.offer({ ...frame, ...size, deadlineAtMs: Infinity })
    }
    const stream = detector.addStream({
      streamId: String(index),
      memory,
      weight: 1,
      detectFps: 0,
      onOutcome: (_frame, outcome) => {
        if (outcome.kind === 'failed') lost++
        if (++ended % Math.ceil(count / samplesWanted) === 0)
          samples.push({ at: ended, mib: resident() })
        if (ended === count || outcome.kind === 'failed') finished.resolve()
        else queueMicrotask(offer)
      },
    })
    return { stream, offer }
  })
  for (const { offer } of streams) offer()
  await finished.promise
  if (lost > 0) throw new Error('a frame was lost')
  return samples
}

async function cycles(count: number): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  for (let cycle = 1; cycle <= count; cycle++) {
    const detector = await openDetector(options)
    await detector[Symbol.asyncDispose]()
    samples.push({ at: cycle, mib: resident() })
  }
  return samples
}

function report(
  name: string,
  samples: readonly Sample[],
  limit: { readonly mibMax: number; readonly per: number; readonly unit: string },
): boolean {
  const warm = samples.slice(Math.floor(samples.length * warmUpShare))
  const slope = upperSlope(warm.map(({ at, mib }) => [at, mib] as const)) * limit.per
  const ends = [samples[0], warm[0], samples.at(-1)].map((sample) => (sample?.mib ?? 0).toFixed(0))
  const isFlat = slope <= limit.mibMax
  process.stdout.write(
    `${name}: RSS ${ends.join(' -> ')} MiB (first, warm, last), at most ${slope.toFixed(3)} MiB ${limit.unit}` +
      ` (limit ${limit.mibMax}): ${isFlat ? 'flat' : 'GROWS'}\n`,
  )
  return isFlat
}

const startAtMs = systemClock.nowMs()
const [runCount, cycleCount] = [Number(values.runs), Number(values.cycles)]
const afterRuns = report(`${runCount} runs`, await runs(runCount), {
  mibMax: mibThousandRunsMax,
  per: 1000,
  unit: 'a thousand runs',
})
const afterCycles = report(`${cycleCount} cycles`, await cycles(cycleCount), {
  mibMax: mibACycleMax,
  per: 1,
  unit: 'a cycle',
})
process.stdout.write(`${((systemClock.nowMs() - startAtMs) / 1000).toFixed(0)} s, no abort\n`)
process.exitCode = afterRuns && afterCycles ? 0 : 1
