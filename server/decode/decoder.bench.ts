// CPU and latency of the decode stage: `node server/decode/decoder.bench.ts [frames]`. One camera at 30 fps, paced.
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import { ffmpegOfThisMachine } from './ffmpeg-of-this-machine.ts'
import { encodeH264Clip } from './h264-clips.ts'
import { openDecoder } from './open-decoder.ts'
import { stampUnits } from './stamp-units.ts'

const frames = Number(process.argv[2] ?? 600)
/** Before it counts: the child's start and first GOP. */
const warmUp = 60
const clipFrames = 120

const cases = [
  { source: [640, 360], output: [416, 234] },
  { source: [640, 360], output: [640, 360] },
  { source: [1280, 720], output: [416, 234] },
] as const

/** User and system seconds of a process (Linux: /proc/PID/stat, 100 ticks a second). */
function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function run({ source, output }: (typeof cases)[number], ffmpegPath: string) {
  const [width, height] = source
  const made = { width, height, count: clipFrames, keyEvery: 30 }
  const clip = encodeH264Clip({ ...made, ffmpegPath, profile: 'main' })
  if (clip === null) throw new Error('this FFmpeg has no libx264')
  const units = stampUnits(clip)
  const pushedAtMs = new Map<StampedUnit, number>()
  const latenciesMs: number[] = []
  let lost = 0
  await using decoder = openDecoder({
    ffmpegPath,
    geometry: {
      width: output[0],
      height: output[1],
      filter: `scale=${output[0]}:${output[1]}:flags=bilinear`,
      pixelFormat: 'yuv420p',
    },
    clock: systemClock,
    log: silentLog,
    listener: {
      onFrame: (frame) => {
        latenciesMs.push(systemClock.nowMs() - (pushedAtMs.get(frame.stamped) ?? 0))
        frame.release()
      },
      onLost: () => lost++,
      onRestart: () => {},
    },
  })
  const startAtMs = systemClock.nowMs()
  let childBefore = 0
  let ownBefore = process.cpuUsage()
  for (let i = 0; i < warmUp + frames; i++) {
    await delay(Math.max(0, startAtMs + (i * 1000) / 30 - systemClock.nowMs()))
    if (i === warmUp) {
      childBefore = cpuSecondsOf(decoder.pid ?? 0)
      ownBefore = process.cpuUsage()
      latenciesMs.length = 0
    }
    const stamped = { ...(units[i % units.length] ?? fail()) }
    pushedAtMs.set(stamped, systemClock.nowMs())
    decoder.push(stamped)
  }
  while (latenciesMs.length + lost < frames) await delay(5)
  const own = process.cpuUsage(ownBefore)
  const perThousand = 1000 / frames
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const quantile = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))] ?? NaN
  return {
    source: source.join('x'),
    output: output.join('x'),
    'unit bytes': Math.round(
      units.reduce((sum, { unit }) => sum + unit.data.length, 0) / clipFrames,
    ),
    'child CPU-s/1000': round((cpuSecondsOf(decoder.pid ?? 0) - childBefore) * perThousand),
    'node CPU-s/1000': round(((own.user + own.system) / 1e6) * perThousand),
    'p50 ms': round(quantile(0.5)),
    'p95 ms': round(quantile(0.95)),
    lost,
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

function fail(): never {
  throw new Error('an empty clip')
}

const ffmpegPath = await ffmpegOfThisMachine(process.env)
const rows = []
for (const one of cases) rows.push(await run(one, ffmpegPath))
// oxlint-disable-next-line no-console -- the table is the result
console.table(rows)
