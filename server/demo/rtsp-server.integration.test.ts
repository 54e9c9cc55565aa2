import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { makeCounterClip, readCounter } from '#e2e/support/counter-clip.ts'
import { ffmpegOfThisMachine } from '../decode/ffmpeg-of-this-machine.ts'
import { startRtspCamera } from '#e2e/support/rtsp-camera.ts'
import { systemClock } from '#std/clock.ts'
import { clipSdp } from './clip-sdp.ts'
import { loadClip } from './clip.ts'
import { startRtspServer } from './rtsp-server.ts'

const limitMs = 60_000
let clip = ''

before(async () => {
  clip = await makeCounterClip({ width: 640, height: 360, fps: 30, frames: 90 })
})

function program(...argv: readonly string[]): ChildProcess {
  const path = new URL('main.ts', import.meta.url).pathname
  return spawn(process.execPath, [path, ...argv], { stdio: ['pipe', 'pipe', 'pipe'] })
}

async function urlOf(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout !== null)
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line).url
  throw new Error('it ended before it listened')
}

async function request(socket: Socket, text: string): Promise<string> {
  socket.write(`${text}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  return String(answer)
}

describe('the demo camera’s process', () => {
  for (const [how, end] of [
    ['SIGTERM', (child: ChildProcess) => child.kill('SIGTERM')],
    [
      'its stdin closing, so that it never outlives its server',
      (child: ChildProcess) => child.stdin?.end(),
    ],
  ] as const)
    test(`says where it is, and ends by ${how}`, { timeout: limitMs }, async () => {
      const child = program('--clip', clip, '--fps', '30')
      const exited = once(child, 'exit')
      const url = await urlOf(child)
      assert.match(url, /^rtsp:\/\/127\.0\.0\.1:\d+\/street$/)
      end(child)
      assert.deepEqual(await exited, [0, null])
    })

  for (const [name, argv] of [
    ['no clip', []],
    ['a frame rate that is none', ['--clip', 'x', '--fps', 'fast']],
  ] as const)
    test(`with ${name} says how it is used`, { timeout: limitMs }, async () => {
      const child = program(...argv)
      const [[code], [said]] = await Promise.all([
        once(child, 'exit'),
        child.stderr === null ? [] : once(child.stderr, 'data'),
      ])
      assert.equal(code, 2)
      assert.match(String(said), /^usage: /)
    })
})

describe('the server', () => {
  test(
    'is understood by FFmpeg, and frames are those of the clip in their order',
    { timeout: limitMs },
    async () => {
      const gate = { scheme: 'digest', user: 'viewer', password: 'pass' } as const
      await using camera = await startRtspCamera({ streams: { a: { clip, fps: 60 } }, gate })
      const ffmpeg = await ffmpegOfThisMachine(process.env)
      const input = ['-rtsp_transport', 'tcp', '-i', camera.urlWith(gate, 'a'), '-frames:v', '100']
      const output = ['-fps_mode', 'passthrough', '-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1']
      const { stdout } = await promisify(execFile)(ffmpeg, ['-v', 'error', ...input, ...output], {
        encoding: 'buffer',
        maxBuffer: 256 * 1024 * 1024,
      })
      const size = 640 * 360
      const counters = Array.from({ length: stdout.length / size }, (_, i) =>
        readCounter({
          data: stdout.subarray(i * size, (i + 1) * size),
          width: 640,
          bytesPerPixel: 1,
        }),
      )
      assert.equal(counters.length, 100)
      const first = counters[0] ?? -1
      assert.deepEqual(
        counters,
        counters.map((_, i) => (first + i) % 90),
      )
    },
  )

  test(
    'cuts a client that does not read, and serves the others',
    { timeout: limitMs },
    async () => {
      const parsed = await loadClip(clip)
      // 11 MB a second: who does not read is 4 MiB behind soon, who does keeps up on a busy machine too.
      const heavy = {
        ...parsed,
        units: parsed.units.map(([nal = parsed.sps]) =>
          Array.from({ length: 6 }, () => Buffer.concat([nal, Buffer.alloc(60_000, 1)])),
        ),
      }
      const sent: unknown[] = []
      await using server = await startRtspServer({
        clock: systemClock,
        streams: new Map([['street', { sdp: clipSdp(parsed, 30), clip: heavy, fps: 30 }]]),
        onSent: (frame) => sent.push(frame),
      })
      const [idle, reader] = [connect(server.port, '127.0.0.1'), connect(server.port, '127.0.0.1')]
      for (const socket of [idle, reader]) {
        const uri = server.url('street')
        const head = `CSeq: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1`
        assert.match(await request(socket, `SETUP ${uri}/trackID=0 RTSP/1.0\r\n${head}`), /200 OK/)
        socket.write(`PLAY ${uri} RTSP/1.0\r\nCSeq: 2\r\n\r\n`)
      }
      idle.pause()
      reader.resume()
      idle.on('error', () => idle.destroy())
      await until(() => server.clients === 1)
      const wanted = sent.length + 5
      await until(() => sent.length >= wanted)
      assert.ok(!reader.destroyed && !reader.readableEnded)
      assert.equal(server.clients, 1)
      for (const socket of [idle, reader]) socket.destroy()
    },
  )

  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'PLAY before SETUP',
      'PLAY rtsp://x/street RTSP/1.0\r\nCSeq: 5',
      /^RTSP\/1\.0 454 .*\r\nCSeq: 5/,
    ],
    [
      'UDP',
      'SETUP rtsp://x/street RTSP/1.0\r\nCSeq: 5\r\nTransport: RTP/AVP;unicast;client_port=5-6',
      /^RTSP\/1\.0 461/,
    ],
    ['an unknown stream', 'DESCRIBE rtsp://x/other RTSP/1.0\r\nCSeq: 5', /^RTSP\/1\.0 404/],
    ['an address that is none', 'DESCRIBE * RTSP/1.0\r\nCSeq: 5', /^RTSP\/1\.0 404/],
    ['an unknown method', 'RECORD rtsp://x/street RTSP/1.0\r\nCSeq: 5', /^RTSP\/1\.0 501/],
    ['OPTIONS', 'OPTIONS * RTSP/1.0\r\nCSeq: 5', /Public: .*GET_PARAMETER/],
    ['GET_PARAMETER', 'GET_PARAMETER rtsp://x/street RTSP/1.0\r\nCSeq: 5', /^RTSP\/1\.0 200/],
  ]
  for (const [name, text, expected] of cases)
    test(`answers ${name}`, { timeout: limitMs }, async () => {
      const parsed = await loadClip(clip)
      await using server = await startRtspServer({
        clock: systemClock,
        streams: new Map([['street', { sdp: clipSdp(parsed, 30), clip: parsed, fps: 30 }]]),
      })
      const socket = connect(server.port, '127.0.0.1')
      assert.match(await request(socket, text), expected)
      socket.destroy()
    })

  test('drops a client that sends what is no RTSP', { timeout: limitMs }, async () => {
    await using server = await startRtspServer({ clock: systemClock, streams: new Map() })
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => socket.destroy())
    const closed = once(socket, 'close')
    socket.write('\0\0\0\0\0\0\0\0')
    await closed
    assert.equal(server.clients, 0)
  })
})

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}
