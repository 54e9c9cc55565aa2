import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { cameraViewSchema, problemSchema } from '#protocol/api.ts'
import { assert as invariant } from '#std/assert.ts'
import { makePanningClip } from './support/panning-clip.ts'
import { type RtspCamera, startRtspCamera } from './support/rtsp-camera.ts'
import {
  type SightlineServer,
  startAndFail,
  startServer,
  waitFor,
} from './support/sightline-server.ts'

const password = 'hunter2-and-more'
const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
let camera: RtspCamera
let server: SightlineServer
/** Takes its port and speaks to nobody. */
let squatter: Server

before(async () => {
  const clip = await makePanningClip({ profile: 'main' })
  camera = await startRtspCamera({
    gate: { user: 'viewer', password, scheme: 'digest' },
    streams: {
      good: { clip, fps: 30 },
      hevc: { clip, fps: 30, claims: 'h265' },
      jpeg: { clip, fps: 30, claims: 'mjpeg' },
      radio: { clip, fps: 30, claims: 'audio_only' },
      nothing: { clip, fps: 30, claims: 'nothing' },
    },
  })
  squatter = createServer(() => {}).listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  server = await startServer()
})

after(async () => {
  await server[Symbol.asyncDispose]()
  await camera[Symbol.asyncDispose]()
  squatter.close()
})

const cameras: readonly {
  readonly id: string
  readonly what: string
  readonly url: () => string
  readonly state: string
  readonly code: string
  readonly says: RegExp
}[] = [
  {
    id: 'wrong-password',
    what: 'a wrong password',
    url: () => camera.urlWith({ user: 'viewer', password: `${password}x` }, 'good'),
    state: 'refused',
    code: 'unauthorized',
    says: /^The camera refused user “viewer”\.$/,
  },
  {
    id: 'no-password',
    what: 'no password',
    url: () => camera.url('good'),
    state: 'refused',
    code: 'unauthorized',
    says: /asks for a user and a password/,
  },
  {
    id: 'wrong-path',
    what: 'a path that the camera does not have',
    url: () => camera.urlWith({ user: 'viewer', password }, 'stream1'),
    state: 'refused',
    code: 'not_found',
    says: /not at \/stream1\.$/,
  },
  {
    id: 'unreachable',
    what: 'a port where nothing listens',
    url: () => `rtsp://viewer:${password}@127.0.0.1:1/stream1`,
    state: 'connecting',
    code: 'unreachable',
    says: /127\.0\.0\.1:1/,
  },
  {
    id: 'unknown-host',
    what: 'a host that does not exist',
    url: () => `rtsp://viewer:${password}@camera.invalid/stream1`,
    state: 'connecting',
    code: 'unreachable',
    says: /camera\.invalid/,
  },
  {
    id: 'radio',
    what: 'a stream with sound alone',
    url: () => camera.urlWith({ user: 'viewer', password }, 'radio'),
    state: 'refused',
    code: 'no_video',
    says: /no video/,
  },
  {
    id: 'nothing',
    what: 'a stream without any media',
    url: () => camera.urlWith({ user: 'viewer', password }, 'nothing'),
    state: 'refused',
    code: 'no_video',
    says: /no video/,
  },
  {
    id: 'hevc',
    what: 'H.265',
    url: () => camera.urlWith({ user: 'viewer', password }, 'hevc'),
    state: 'refused',
    code: 'unsupported_codec',
    says: /H\.265, which is not supported yet/,
  },
  {
    id: 'jpeg',
    what: 'Motion JPEG',
    url: () => camera.urlWith({ user: 'viewer', password }, 'jpeg'),
    state: 'refused',
    code: 'unsupported_codec',
    says: /JPEG/,
  },
]

for (const { id, what, url, state, code, says } of cameras)
  test(`a camera with ${what} is ${state} with code ${code} and a sentence`, async () => {
    const response = await server.addCamera({ id, url: url() })
    assert.equal(response.status, 201)
    const view = await waitFor(`code ${code}`, async () => {
      const now = cameraViewSchema.parse(await server.getJson(`/api/cameras/${id}`))
      return now.code === null ? null : now
    })
    assert.equal(view.code, code)
    assert.equal(view.state, state)
    assert.match(view.reason ?? '', says)
  })

test('a good camera beside them works, and none of them made the server unready', async () => {
  await server.addCamera({ id: 'good', url: camera.urlWith({ user: 'viewer', password }, 'good') })
  await waitFor('detections', async () => {
    const view = cameraViewSchema.parse(await server.getJson('/api/cameras/good'))
    return view.state === 'live' && view.frames.detected > 5
  })
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200)
})

test('bodies that are no camera get a stable code and the place', async () => {
  const wrong: readonly (readonly [body: unknown, status: number, code: string])[] = [
    [{ id: 'x' }, 422, 'invalid'],
    [{ id: 'X!', url: 'rtsp://h/' }, 422, 'invalid'],
    [{ id: 'x', url: 'file:///etc/passwd' }, 422, 'invalid'],
    [{ id: 'x', url: 'rtsp://h/', detectFPS: 3 }, 422, 'invalid'],
    [{ id: 'good', url: 'rtsp://h/' }, 409, 'camera_exists'],
    [[], 422, 'invalid'],
    [null, 422, 'invalid'],
  ]
  for (const [body, status, code] of wrong) {
    const response = await server.addCamera(body)
    const problem = problemSchema.parse(await response.json())
    assert.deepEqual([response.status, problem.code], [status, code], JSON.stringify(body))
  }
})

test('no password is in any answer, metric or line of the log', async () => {
  const texts = await Promise.all(
    ['/api/cameras', '/api/cameras/good', '/metrics', '/api/system', '/readyz'].map(async (path) =>
      (await fetch(`${server.url}${path}`)).text(),
    ),
  )
  for (const text of [...texts, ...server.log]) assert.ok(!text.includes(password), text)
})

const starts: readonly {
  readonly what: string
  readonly options: () => Promise<Parameters<typeof startAndFail>[0]>
  readonly code: string
  readonly says: RegExp
}[] = [
  {
    what: 'an unknown configuration key',
    options: async () => ({ config: { prot: 8080 } }),
    code: 'config_invalid',
    says: /sightline\.yaml:1: prot: unknown key/,
  },
  {
    what: 'a port in use',
    options: async () => ({ env: { SIGHTLINE_PORT: String(portOf(squatter)) } }),
    code: 'port_in_use',
    says: /127\.0\.0\.1:\d+ is in use/,
  },
  {
    what: 'a WebRTC port in use',
    options: async () => ({ env: { SIGHTLINE_RTC_PORT: String(portOf(squatter)) } }),
    code: 'port_in_use',
    says: /\d+/,
  },
  {
    what: 'no model file',
    options: async () => ({ env: { SIGHTLINE_DATA: await dataWith(async () => {}) } }),
    code: 'model_missing',
    says: /yolox-nano/,
  },
  {
    what: 'an altered model file',
    options: async () => ({
      env: {
        SIGHTLINE_DATA: await dataWith(async (folder) => {
          await cp(join(data, 'models'), join(folder, 'models'), { recursive: true })
          const path = join(folder, 'models/yolox-nano.onnx')
          const bytes = await readFile(path)
          bytes[1000] = (bytes[1000] ?? 0) ^ 1
          await writeFile(path, bytes)
        }),
      },
    }),
    code: 'model_altered',
    says: /yolox-nano/,
  },
  {
    what: 'no ffmpeg where it is said to be',
    options: async () => ({ env: { SIGHTLINE_FFMPEG: join(tmpdir(), 'no-ffmpeg') } }),
    code: 'ffmpeg_missing',
    says: /no-ffmpeg/,
  },
  {
    what: 'an address that the network can reach',
    options: async () => ({ env: { SIGHTLINE_HOST: '0.0.0.0' } }),
    code: 'access_control_missing',
    says: /SIGHTLINE_INSECURE=1/,
  },
]

for (const { what, options, code, says } of starts)
  test(`a start with ${what} is refused in one sentence, with exit code 2`, async () => {
    const { exitCode, output } = await startAndFail(await options())
    assert.equal(exitCode, 2, output)
    const sentences = output.split('\n').filter((line) => line.startsWith('sightline: '))
    assert.equal(sentences.length, 1, output)
    assert.match(sentences[0] ?? '', says)
    assert.ok(sentences[0]?.endsWith(`(${code})`), output)
    assert.doesNotMatch(output, /\n\s+at /, 'no stack trace')
  })

const folders: string[] = []
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
})

/** A data folder like the real one but for its models. */
async function dataWith(fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-data-'))
  folders.push(folder)
  for (const part of ['bin', 'self-test'])
    await cp(join(data, part), join(folder, part), { recursive: true })
  await fill(folder)
  return folder
}

function portOf(listening: Server): number {
  const address = listening.address()
  invariant(address !== null && typeof address === 'object', 'it listens on TCP')
  return address.port
}
