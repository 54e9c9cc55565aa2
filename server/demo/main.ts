import { parseArgs } from 'node:util'
import { systemClock } from '#std/clock.ts'
import { loadClip } from './clip.ts'
import { clipSdp } from './clip-sdp.ts'
import { startRtspServer } from './rtsp-server.ts'

// The demo camera's process: says where it is in one line of JSON, and ends on SIGTERM or when its stdin closes, so
// that it never outlives the server that started it.

const { values } = parseArgs({
  options: {
    clip: { type: 'string' },
    fps: { type: 'string', default: '25' },
    port: { type: 'string', default: '0' },
  },
})
const fps = Number(values.fps)
if (values.clip === undefined || !(fps > 0)) {
  process.stderr.write('usage: node server/demo/main.ts --clip PATH --fps 25 [--port 0]\n')
  process.exit(2)
}

const clip = await loadClip(values.clip)
const server = await startRtspServer({
  clock: systemClock,
  streams: new Map([['street', { sdp: clipSdp(clip, fps), clip, fps }]]),
  port: Number(values.port),
})

const end = (): void => void server[Symbol.asyncDispose]().then(() => process.exit(0))
process.once('SIGTERM', end)
// Ctrl-C reaches every process of the terminal; this one ends when its server lets go of it.
process.on('SIGINT', () => {})
process.stdin.once('end', end)
process.stdin.once('close', end)
process.stdin.resume()
process.stdout.write(`${JSON.stringify({ url: server.url('street') })}\n`)
