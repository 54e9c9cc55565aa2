import { parseArgs } from 'node:util'
import { makeCounterClip } from '#e2e/support/counter-clip.ts'
import { startRtspCamera } from '#e2e/support/rtsp-camera.ts'
import { systemClock } from '#std/clock.ts'
import { RecordedSource } from './recorded-source.ts'
import { rtspSource } from './rtsp-source.ts'

// What one camera costs: `node server/source/rtsp-source.bench.ts --width 1280 --height 720 --frames 3000 --fps 300`.
// CPU is of this process alone (the camera is a child), without its first 200 frames; latency is from right after the
// camera's write of a frame's last byte to the unit, on one monotonic clock, so that it can be a little below zero.

const { values } = parseArgs({
  options: {
    width: { type: 'string', default: '1280' },
    height: { type: 'string', default: '720' },
    frames: { type: 'string', default: '3000' },
    fps: { type: 'string', default: '30' },
  },
})
const frames = Number(values.frames)
const warmUp = 200
const clip = await makeCounterClip({
  width: Number(values.width),
  height: Number(values.height),
  fps: 30,
})
await using camera = await startRtspCamera({
  streams: { street: { clip, fps: Number(values.fps) } },
  process: 'child',
})
const heard = new RecordedSource()
const open = rtspSource({ url: camera.url('street'), clock: systemClock })
const attempt = { signal: new AbortController().signal, connectPatienceMs: 2000 }
await using source = await open(heard, attempt)
await heard.until(() => heard.units.length >= warmUp)
const from = process.cpuUsage()
const sentBefore = camera.sent.length
await heard.until(() => heard.units.length >= warmUp + frames)
const { user, system } = process.cpuUsage(from)
while (camera.sent.length < warmUp + frames) await new Promise((resolve) => setTimeout(resolve, 10))

const sentAt = new Map(camera.sent.map((entry) => [entry.rtpTimestamp, entry.sentAtMs]))
const latencies = heard.units
  .slice(warmUp, warmUp + frames)
  .map((unit) => unit.arrivedAtMs - (sentAt.get(unit.rtpTimestamp) ?? Number.NaN))
  .sort((one, other) => one - other)
const quantile = (q: number): string =>
  (latencies[Math.floor(q * latencies.length)] ?? 0).toFixed(2)
const bytes = heard.units.slice(warmUp).reduce((sum, unit) => sum + unit.data.length, 0)
process.stdout.write(
  [
    `${values.width}x${values.height}, ${frames} frames at ${values.fps} fps, ${source.video.codec}, ${Math.round(bytes / frames)} bytes a frame`,
    `CPU seconds per 1000 frames: ${((user + system) / 1e6 / (frames / 1000)).toFixed(3)} (of it user ${(user / 1e6 / (frames / 1000)).toFixed(3)})`,
    `last byte -> unit, ms: p50 ${quantile(0.5)} p95 ${quantile(0.95)} p99 ${quantile(0.99)} max ${quantile(0.9999)}`,
    `told by the camera's process meanwhile: ${camera.sent.length - sentBefore}`,
    '',
  ].join('\n'),
)
