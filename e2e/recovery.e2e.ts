import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import { cameraViewSchema, readinessSchema } from '#protocol/api.ts'
import { launchBrowser, type TestBrowser } from './support/browser.ts'
import { makePanningClip } from './support/panning-clip.ts'
import { descendantsOf } from './support/process-tree.ts'
import { type RtspCamera, startRtspCamera } from './support/rtsp-camera.ts'
import { type SightlineServer, startServer, waitFor } from './support/sightline-server.ts'

// One server, one camera and one page that nobody touches; each test takes a part away and waits for it to come back.
let camera: RtspCamera
let server: SightlineServer
let browser: TestBrowser
let page: Page

before(async () => {
  const clip = await makePanningClip({ profile: 'main' })
  camera = await startRtspCamera({ streams: { pan: { clip, fps: 30 } }, process: 'child' })
  server = await startServer({
    config: { cameras: [{ id: 'pan', url: camera.url('pan'), detectFps: 0 }] },
  })
  browser = await launchBrowser()
  page = await browser.newPage()
  await page.goto(server.url)
  await page.evaluate('window.untouched = true')
  await isLive()
})

after(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
  await camera[Symbol.asyncDispose]()
})

test('a camera that is restarted comes back with picture and boxes, on one timeline', async () => {
  const outgoingBefore = await lastTimestamp()
  await camera.stop()
  await waitFor('the page to say so', async () => (await stateOnPage()) !== 'live')
  await camera.restart()
  await isLive()
  const ahead = ((await lastTimestamp()) - outgoingBefore) | 0
  // Not the camera's new random base: a pause of some seconds at 90 kHz.
  assert.ok(ahead > 0 && ahead < 90_000 * 30, `the timeline went on by ${ahead} ticks`)
  const view = await cameraView()
  assert.ok(view.epoch >= 2 && view.reconnects >= 1)
})

test('a camera that falls silent is called stalled, and comes back', async () => {
  await camera.stall()
  await waitFor('the page to say so', async () => (await stateOnPage()) === 'stalled', {
    limitMs: 4000,
  })
  await camera.resume()
  await isLive()
})

test('a killed decoder is replaced at the next key frame, counted, and no frame is unaccounted for', async () => {
  const earlier = (await readiness()).restarts.decoder
  process.kill(childWith('ffmpeg'), 'SIGKILL')
  await waitFor('the count', async () => (await readiness()).restarts.decoder > earlier)
  await isLive()
  const { frames } = await cameraView()
  const { received, ...parts } = frames
  assert.equal(
    received,
    Object.values(parts).reduce((sum, count) => sum + count, 0),
  )
  assert.ok(frames.failed > 0, 'what was in the killed child counts as failed')
})

test('a killed media worker is replaced, counted, and the page plays on by itself', async () => {
  const earlier = (await readiness()).restarts.relay
  process.kill(childWith('mediasoup-worker'), 'SIGKILL')
  await waitFor('the count', async () => (await readiness()).restarts.relay > earlier)
  await isLive()
  await waitFor('readiness', async () => (await readiness()).ready)
})

test('nobody has touched the page', async () => {
  assert.equal(await page.evaluate('window.untouched'), true)
})

/** Frames and exact boxes go on: 30 more of both than at the call. */
async function isLive(): Promise<void> {
  const start = await progress()
  await waitFor('picture and boxes', async () => {
    const now = await progress()
    return (
      (await stateOnPage()) === 'live' &&
      now.framesShown >= start.framesShown + 30 &&
      now.exactBoxes >= start.exactBoxes + 30
    )
  })
}

async function progress(): Promise<{ framesShown: number; exactBoxes: number }> {
  return page.evaluate<{ framesShown: number; exactBoxes: number }>(
    'window.sightline?.cameras.pan ?? { framesShown: 0, exactBoxes: 0 }',
  )
}

async function stateOnPage(): Promise<unknown> {
  return page.evaluate('window.sightline?.cameras.pan?.state')
}

async function lastTimestamp(): Promise<number> {
  return Number(await page.evaluate('window.sightline.cameras.pan.lastRtpTimestamp'))
}

async function cameraView(): Promise<ReturnType<typeof cameraViewSchema.parse>> {
  return cameraViewSchema.parse(await server.getJson('/api/cameras/pan'))
}

async function readiness(): Promise<ReturnType<typeof readinessSchema.parse>> {
  return readinessSchema.parse(await server.getJson('/readyz'))
}

function childWith(program: string): number {
  const found = descendantsOf(server.child.pid ?? -1).find(({ command }) =>
    (command.split(' ')[0] ?? '').endsWith(program),
  )
  assert.ok(found, `a child runs ${program}`)
  return found.pid
}
