import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { openDetector } from '#gpu/open-detector.ts'
import { usableCores } from '#gpu/usable-cores.ts'
import { yuv420pBytes } from '#gpu/yuv420p.ts'
import { FramePool } from '#server/decode/frame-pool.ts'
import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { decodeVideo, slotsAhead } from './decode-video.ts'
import { DetectLanes } from './detect-lanes.ts'
import { inferVideo, lanesOf } from './infer-files.ts'
import { probeVideo } from './probe-video.ts'

/**
 * A video file through the detector, against what the machine infers at most: the same sessions with pictures of the
 * same video that lie in memory. Decoding takes cores that inference then has not, so there are two limits: without
 * decoding, and cores / (CPU-s of an inference + CPU-s of a decoded picture), what is left beside it.
 * `node pipeline/inference.bench.ts [--data FOLDER] [--frames N] [--rounds N] [--sessions auto|N]`: lines, and one of JSON.
 */
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'data' },
    frames: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    sessions: { type: 'string', default: 'auto' },
    size: { type: 'string', default: '640:360' },
  },
})
const data = resolve(values.data)
const frames = Number(values.frames)
const ffmpegPath = 'ffmpeg'
const clock = systemClock
const { signal } = new AbortController()
const heldPictures = 32

interface Measured {
  readonly perSecond: number
  /** Of this process, and of its children that ended: FFmpeg. */
  readonly cpuMsAPicture: number
}

await using stack = new AsyncDisposableStack()
const folder = mkdtempSync(join(tmpdir(), 'sightline-bench-'))
stack.defer(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'video.mp4')
makeVideo()
const facts = await probeVideo(path, { ffmpegPath, signal })
const detector = stack.use(
  await openDetector({
    modelPath: join(data, 'models', 'yolox-nano.onnx'),
    cardPath: join(data, 'models', 'yolox-nano.json'),
    photoPath: join(data, 'self-test', 'parkour.jpg'),
    ffmpegPath,
    sessions: values.sessions === 'auto' ? 'auto' : Number(values.sessions),
    clock,
    log: silentLog,
  }),
)
const geometry = detector.inputGeometry(facts)
const frameBytes = yuv420pBytes(geometry)
const decoding = { path, ffmpegPath, frameBytes, framesMax: null, secondsMax: null, signal }

const limits: Measured[] = []
const decodes: Measured[] = []
const runs: Measured[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  limits.push(await measured(fromMemory))
  decodes.push(await measured(decodeOnly))
  runs.push(await measured(fromFile))
}
const limit = median(limits)
const decode = median(decodes)
const run = median(runs)
const cores = usableCores()
const besideDecoding = Math.min(
  limit.perSecond,
  (1000 * cores) / (limit.cpuMsAPicture + decode.cpuMsAPicture),
)
const report = {
  frames,
  source: `${facts.width}x${facts.height}`,
  content: `${geometry.width}x${geometry.height}`,
  cores,
  sessions: detector.status().sessions.sessions,
  limitPerSecond: thousandths(limit.perSecond),
  inferenceCpuMs: thousandths(limit.cpuMsAPicture),
  decodePerSecond: thousandths(decode.perSecond),
  decodeCpuMs: thousandths(decode.cpuMsAPicture),
  limitBesideDecodingPerSecond: thousandths(besideDecoding),
  filePerSecond: thousandths(run.perSecond),
  fileCpuMs: thousandths(run.cpuMsAPicture),
  shareOfLimit: thousandths(run.perSecond / limit.perSecond),
  shareOfLimitBesideDecoding: thousandths(run.perSecond / besideDecoding),
}
for (const [name, value] of Object.entries(report)) print(`${name.padEnd(30)} ${value}`)
print(JSON.stringify(report))

async function fromMemory(): Promise<void> {
  const lanes = lanesOf(detector)
  const pool = new FramePool(frameBytes, heldPictures + slotsAhead(frameBytes))
  const offsets: number[] = []
  const source = decodeVideo({ ...decoding, ...geometry, pool, onTrouble: print })
  for await (const { pixels } of source) if (offsets.push(pixels.byteOffset) === heldPictures) break
  using detecting = new DetectLanes({ detector, memory: pool.memory, lanes, clock })
  const { width, height } = geometry
  let next = 0
  const feed = async (): Promise<void> => {
    while (next < frames) {
      const byteOffset = offsets[next++ % heldPictures] ?? 0
      await detecting.detect({ byteOffset, width, height, release: () => {} })
    }
  }
  await Promise.all(Array.from({ length: lanes }, feed))
}

async function decodeOnly(): Promise<void> {
  const pool = new FramePool(frameBytes, 4 + slotsAhead(frameBytes))
  const source = decodeVideo({ ...decoding, ...geometry, pool, onTrouble: print })
  for await (const frame of source) frame.release()
}

async function fromFile(): Promise<void> {
  const options = { ...decoding, detector, clock, facts, onTrouble: print }
  let count = 0
  for await (const line of inferVideo({ name: 'video.mp4', path }, options)) {
    if (line.frame !== count++) throw new Error(`frame ${line.frame} out of order`)
  }
  if (count !== frames) throw new Error(`${count} of ${frames} frames`)
}

async function measured(work: () => Promise<void>): Promise<Measured> {
  const before = cpuMs()
  const startedAtMs = clock.nowMs()
  await work()
  const ms = clock.nowMs() - startedAtMs
  return { perSecond: (1000 * frames) / ms, cpuMsAPicture: (cpuMs() - before) / frames }
}

/** `/proc/self/stat` counts children that ended, in hundredths of a second (proc(5)): fields 16 and 17. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? []
  return (user + system) / 1000 + 10 * (Number(fields[13]) + Number(fields[14]))
}

function makeVideo(): void {
  const clips = Array.from({ length: Math.ceil(frames / 250) }, () =>
    join(data, 'demo/street.h264'),
  )
  const input = ['-f', 'h264', '-framerate', '25', '-i', `concat:${clips.join('|')}`]
  const output = ['-vf', `scale=${values.size}`, '-frames:v', String(frames), '-c:v', 'libx264']
  const rest = ['-preset', 'veryfast', '-crf', '23', path]
  execFileSync(ffmpegPath, ['-v', 'error', ...input, ...output, ...rest], { stdio: 'inherit' })
}

/** By rate. */
function median(all: readonly Measured[]): Measured {
  const sorted = all.toSorted((a, b) => a.perSecond - b.perSecond)
  const middle = sorted[Math.floor(sorted.length / 2)]
  if (middle === undefined) throw new Error('no round')
  return middle
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
