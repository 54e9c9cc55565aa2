import { resolve } from 'node:path'
import { sleep, systemClock } from '#std/clock.ts'
import { launchBrowser } from '../support/browser.ts'
import { makeCounterClip } from '../support/counter-clip.ts'
import { cpuSecondsOf, descendantsOf } from '../support/process-tree.ts'
import { type RtspCamera, startRtspCamera } from '../support/rtsp-camera.ts'
import { type SightlineServer, startServer, waitFor } from '../support/sightline-server.ts'
import { subscribe } from '../support/subscriber.ts'
import { clockOffsetMs, presentedFrames, watchPresentedFrames } from './presented-frames.ts'
import { quantiles, type Row } from './quantiles.ts'

/** Connections, caches and estimators settle. */
const warmUpMs = 4000
const street = resolve(import.meta.dirname, '../../data/demo/street.h264')

/** The source's last byte -> the detections message in a subscriber, 640x360 at 30 fps, every frame detected. */
export async function socketLatency(seconds: number): Promise<Row> {
  await using camera = await streetCamera({ width: 640, height: 360, fps: 30, bitrate: 1_500_000 })
  await using server = await serverOf(camera)
  using subscriber = await subscribe(server.socketUrl)
  await waitFor('detections', () => subscriber.detections('cam').length > 30)
  await sleep(systemClock, warmUpMs)
  const first = subscriber.detections('cam').length
  const sentBefore = camera.sent.length
  const cpuBefore = cpuSeconds(server)
  await sleep(systemClock, seconds * 1000)
  const cpu = cpuSeconds(server) - cpuBefore
  const results = subscriber.detections('cam').slice(first)
  const frames = camera.sent.length - sentBefore
  const sentAt = sentAtByTimestamp(camera)
  return {
    what: 'last byte -> detections on the socket, 640x360 at 30 fps, every frame',
    ...quantiles(
      results.flatMap(({ message, receivedAtMs }) => {
        const sentAtMs = sentAt.get(message.cameraRtpTimestamp)
        return sentAtMs === undefined ? [] : [receivedAtMs - sentAtMs]
      }),
    ),
    note: `${results.length} results of ${frames} frames, ${((cpu / results.length) * 1000).toFixed(1)} CPU-s per 1,000`,
  }
}

/** The source's last byte -> presented in Chromium over loopback, 720p, live mode. */
export async function displayLatency(seconds: number): Promise<readonly Row[]> {
  // At exactly 30 fps a run sees one random phase of the 60 Hz display.
  await using camera = await streetCamera({
    width: 1280,
    height: 720,
    fps: 29.95,
    bitrate: 2_500_000,
  })
  await using server = await serverOf(camera)
  await using browser = await launchBrowser()
  const page = await browser.newPage()
  await watchPresentedFrames(page)
  await page.goto(server.url)
  await waitFor('pictures', async () => (await presentedFrames(page)).length > 30)
  await sleep(systemClock, warmUpMs)
  const first = (await presentedFrames(page)).length
  const offsetMs = await clockOffsetMs(page)
  const cpuBefore = cpuSeconds(server)
  await sleep(systemClock, seconds * 1000)
  const cpu = cpuSeconds(server) - cpuBefore
  const frames = (await presentedFrames(page)).slice(first)
  const sentAt = sentAtByTimestamp(camera)
  const since = (pick: (frame: (typeof frames)[number]) => number): readonly number[] =>
    frames.flatMap((frame) => {
      const sentAtMs = sentAt.get(frame.rtpTimestamp)
      return sentAtMs === undefined ? [] : [pick(frame) + offsetMs - sentAtMs]
    })
  const note = `${frames.length} frames, ${((cpu / frames.length) * 1000).toFixed(2)} CPU-s per 1,000 with detection`
  return [
    {
      what: 'last byte -> presented in Chromium, 1280x720 at 29.95 fps, live',
      ...quantiles(since((frame) => frame.presentedAtMs)),
      note,
    },
    {
      what: 'last byte -> expected on the display, the same frames',
      ...quantiles(since((frame) => frame.expectedDisplayAtMs)),
      note: '',
    },
  ]
}

/** Real street scenes, so that the detector has something to find. */
async function streetCamera(picture: {
  readonly width: number
  readonly height: number
  readonly fps: number
  readonly bitrate: number
}): Promise<RtspCamera> {
  const clip = await makeCounterClip({
    ...picture,
    fps: Math.round(picture.fps),
    frames: 240,
    profile: 'main',
    input: ['-r', String(Math.round(picture.fps)), '-i', street],
  })
  return startRtspCamera({ streams: { cam: { clip, fps: picture.fps } }, process: 'child' })
}

function serverOf(camera: RtspCamera): Promise<SightlineServer> {
  return startServer({ config: { cameras: [{ id: 'cam', url: camera.url('cam'), detectFps: 0 }] } })
}

function sentAtByTimestamp(camera: RtspCamera): ReadonlyMap<number, number> {
  return new Map(camera.sent.map(({ rtpTimestamp, sentAtMs }) => [rtpTimestamp, sentAtMs]))
}

/** Of the server and all its children. */
function cpuSeconds(server: SightlineServer): number {
  const pid = server.child.pid ?? -1
  return [pid, ...descendantsOf(pid).map((child) => child.pid)].reduce(
    (sum, each) => sum + cpuSecondsOf(each),
    0,
  )
}
