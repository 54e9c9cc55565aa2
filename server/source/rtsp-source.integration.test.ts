import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { before, describe, test } from 'node:test'
import { makeCounterClip } from '#e2e/support/counter-clip.ts'
import { type RtspCameraOptions, startRtspCamera } from '#e2e/support/rtsp-camera.ts'
import { systemClock } from '#std/clock.ts'
import { loadClip } from '../demo/clip.ts'
import { nalType, nalTypeOf, nalUnitsOf } from '../rtsp/access-unit.ts'
import { RecordedSource } from './recorded-source.ts'
import { rtspSource } from './rtsp-source.ts'
import { type Source, SourceError } from './source.ts'

const limitMs = 30_000
let clip = ''

before(async () => {
  clip = await makeCounterClip({ width: 640, height: 360, fps: 30, frames: 90 })
})

function open(url: string, listener = new RecordedSource()): Promise<Source> {
  const attempt = { signal: new AbortController().signal, connectPatienceMs: 2000 }
  return rtspSource({ url, clock: systemClock })(listener, attempt)
}

/** The error of an address that cannot be opened. */
async function refusalOf(url: string): Promise<SourceError> {
  const error: unknown = await open(url).then(
    (source) => source[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof SourceError, `opened, or threw ${String(error)}`)
  return error
}

describe('what a camera refuses becomes a code and a sentence without secrets', () => {
  const gate = { scheme: 'digest', user: 'viewer', password: 'right' } as const
  const wrong = { user: 'viewer', password: 'hunter2' }
  const cases: {
    readonly name: string
    readonly camera?: Partial<RtspCameraOptions>
    readonly path?: string
    readonly credentials?: typeof wrong
    readonly claims?: 'h265' | 'mjpeg' | 'audio_only' | 'nothing'
    readonly code: string
    readonly sentence: RegExp
  }[] = [
    {
      name: 'a wrong password (Digest)',
      camera: { gate },
      credentials: wrong,
      code: 'unauthorized',
      sentence: /^The camera refused user “viewer”\.$/,
    },
    {
      name: 'a wrong password (Basic)',
      camera: { gate: { ...gate, scheme: 'basic' } },
      credentials: wrong,
      code: 'unauthorized',
      sentence: /^The camera refused user “viewer”\.$/,
    },
    {
      name: 'no password where one is asked for',
      camera: { gate },
      code: 'unauthorized',
      sentence: /its address has none/,
    },
    {
      name: 'an unknown path',
      path: 'nowhere?token=hunter2',
      code: 'not_found',
      sentence: /^The camera answers, but not at \/nowhere\.$/,
    },
    { name: 'audio only', claims: 'audio_only', code: 'no_video', sentence: /no video/ },
    { name: 'no media at all', claims: 'nothing', code: 'no_video', sentence: /no video/ },
    { name: 'H.265', claims: 'h265', code: 'unsupported_codec', sentence: /H\.265.*not.*yet/ },
    { name: 'MJPEG', claims: 'mjpeg', code: 'unsupported_codec', sentence: /JPEG.*H\.264/ },
  ]
  for (const { name, camera, path, credentials, claims, code, sentence } of cases)
    test(name, { timeout: limitMs }, async () => {
      const stream = { clip, fps: 30, ...(claims && { claims }) }
      await using rtsp = await startRtspCamera({ streams: { street: stream }, ...camera })
      const streamPath = path ?? 'street'
      const url =
        credentials === undefined ? rtsp.url(streamPath) : rtsp.urlWith(credentials, streamPath)
      const error = await refusalOf(url)
      assert.equal(error.code, code)
      assert.match(error.message, sentence)
      assert.doesNotMatch(JSON.stringify([error.message, String(error.cause)]), /hunter2|right/)
      assert.equal(rtsp.sent.length, 0)
    })

  test('a port that nothing listens on', { timeout: limitMs }, async () => {
    const rtsp = await startRtspCamera({ streams: {} })
    const url = rtsp.urlWith(wrong, 'street')
    await rtsp.stop()
    const error = await refusalOf(url)
    assert.equal(error.code, 'unreachable')
    assert.match(error.message, /^Nothing listens at 127\.0\.0\.1:\d+\.$/)
    assert.ok(error.retryable)
  })

  test('something that is no camera', { timeout: limitMs }, async () => {
    for (const greeting of ['SSH-2.0-OpenSSH_9.2\r\n', 'HTTP/1.1 400 Bad Request\r\n\r\n']) {
      const server = createServer((socket) => {
        socket.on('error', () => socket.destroy())
        socket.on('data', () => socket.write(greeting))
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      assert.ok(address !== null && typeof address === 'object')
      const error = await refusalOf(`rtsp://127.0.0.1:${address.port}/street`)
      server.close()
      assert.equal(error.code, 'protocol', greeting)
      assert.match(error.message, /does not speak RTSP/)
    }
  })
})

describe('with a real camera', () => {
  for (const scheme of ['basic', 'digest'] as const)
    test(`a password with signs in it passes ${scheme}`, { timeout: limitMs }, async () => {
      const gate = { scheme, user: 'ad min', password: 'p@ss:/?#"%41' }
      await using camera = await startRtspCamera({ streams: { street: { clip, fps: 30 } }, gate })
      const heard = new RecordedSource()
      await using source = await open(camera.urlWith(gate, 'street'), heard)
      await heard.until(() => heard.units.length > 0)
      assert.equal(source.video.announcedFps, 30)
    })

  test(
    'every frame comes once, whole, in order and with its own timestamp, over the seam of the loop',
    { timeout: limitMs },
    async () => {
      const frames = 300
      await using camera = await startRtspCamera({
        streams: { street: { clip, fps: 120 } },
        process: 'child',
      })
      const heard = new RecordedSource()
      await using source = await open(camera.url('street'), heard)
      assert.equal(source.video.codec, 'h264')
      await heard.until(() => heard.units.length >= frames)
      await heard.until(() => heard.reports.length >= 2)
      await waitForSent(camera, frames)

      const { units: wanted } = await loadClip(clip)
      let mismatches = 0
      for (const [i, unit] of heard.units.slice(0, frames).entries()) {
        const sent = camera.sent[i]
        const nals = [...nalUnitsOf(unit.data)]
        const expected = wanted[i % wanted.length] ?? []
        const isSame =
          nals.length === expected.length && nals.every((nal, n) => nal.equals(expected[n] ?? nal))
        if (sent?.rtpTimestamp !== unit.rtpTimestamp || !isSame || unit.isDamaged) mismatches++
        assert.equal(
          unit.isKey,
          nals.some((nal) => nalTypeOf(nal) === nalType.idr),
        )
        assert.equal(unit.parameterSets.sps.length, 1)
        assert.equal(unit.parameterSets.pps.length, 1)
      }
      assert.equal(mismatches, 0)
      assert.equal(heard.packetsLost, 0)
      assert.ok(
        heard.units.some((unit, i) => unit.isKey && i >= wanted.length),
        'it looped',
      )
    },
  )

  test(
    'a cut ends the source, and the next one begins elsewhere',
    { timeout: limitMs },
    async () => {
      await using camera = await startRtspCamera({ streams: { street: { clip, fps: 30 } } })
      const first = new RecordedSource()
      await using source = await open(camera.url('street'), first)
      await first.until(() => first.units.length >= 3)
      await camera.cut()
      const error = await source.ended
      assert.equal(error.code, 'ended')
      assert.ok(error.retryable)
      await camera.restart()
      const second = new RecordedSource()
      await using again = await open(camera.url('street'), second)
      await second.until(() => second.units.length >= 3)
      assert.equal(again.video.codec, 'h264')
      assert.ok(second.units[0]?.isKey)
      assert.notEqual(second.units[0]?.rtpTimestamp, first.units[0]?.rtpTimestamp)
    },
  )

  test(
    'closing says goodbye to the camera and leaves no connection',
    { timeout: limitMs },
    async () => {
      await using camera = await startRtspCamera({ streams: { street: { clip, fps: 30 } } })
      const heard = new RecordedSource()
      const source = await open(camera.url('street'), heard)
      await heard.until(() => heard.units.length >= 1)
      await source[Symbol.asyncDispose]()
      await source[Symbol.asyncDispose]()
      assert.equal((await source.ended).code, 'ended')
      const { length } = heard.units
      await waitForClients(camera, 0)
      assert.equal(heard.units.length, length)
    },
  )

  test('giving up while it connects rejects at once', { timeout: limitMs }, async () => {
    const server = createServer((socket) => socket.on('error', () => socket.destroy()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(address !== null && typeof address === 'object')
    const abort = new AbortController()
    const opening = rtspSource({ url: `rtsp://127.0.0.1:${address.port}/x`, clock: systemClock })(
      new RecordedSource(),
      { signal: abort.signal, connectPatienceMs: 2000 },
    )
    await once(server, 'connection')
    abort.abort()
    await assert.rejects(opening, SourceError)
    server.close()
  })
})

/** Frames that a child reports a moment later. */
async function waitForSent(
  camera: { readonly sent: readonly unknown[] },
  count: number,
): Promise<void> {
  while (camera.sent.length < count) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function waitForClients(camera: { readonly clients: number }, count: number): Promise<void> {
  while (camera.clients !== count) await new Promise((resolve) => setTimeout(resolve, 5))
}
