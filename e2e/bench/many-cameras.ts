import { resolve } from 'node:path'
import { Random } from '#gpu/simulation/random.ts'
import { assert } from '#std/assert.ts'
import { sleep, systemClock } from '#std/clock.ts'
import { cameraViewSchema } from '#protocol/api.ts'
import { z } from 'zod'
import { makeCounterClip } from '../support/counter-clip.ts'
import { type RtspCamera, startRtspCamera } from '../support/rtsp-camera.ts'
import { type SightlineServer, startServer, waitFor } from '../support/sightline-server.ts'
import { subscribe } from '../support/subscriber.ts'
import {
  cameraNames,
  type ManyCamerasOptions,
  type ManyCamerasReport,
  reportOf,
  type Snapshot,
} from './many-cameras-report.ts'
import { cpuByGroup, cpuOfBench, cpuOfMachine, memoryByGroup } from './process-cost.ts'

/** What the cameras send. */
export type CameraPictures = Pick<
  ManyCamerasOptions,
  'cameras' | 'fps' | 'width' | 'height' | 'seed'
>

/** Connections, caches and estimators settle. */
const warmUpMs = 6000
const street = resolve(import.meta.dirname, '../../data/demo/street.h264')

/** N real RTSP cameras, a real server, a real subscriber; everything counted over the same seconds. */
export async function runManyCameras(options: ManyCamerasOptions): Promise<ManyCamerasReport> {
  await using cameras = await startCameras(options)
  await using server = await startServer({
    config: { gpu: options.gpu, cameras: cameraConfigs(options, cameras) },
  })
  using subscriber = await subscribe(server.socketUrl)
  await waitFor('results of every camera', () =>
    cameraNames(options).every((name) => subscriber.detections(name).length > 0),
  )
  await sleep(systemClock, warmUpMs)
  const before = await snapshot(server)
  await sleep(systemClock, options.seconds * 1000)
  const after = await snapshot(server)
  // What was sent before the end may still be under way.
  await sleep(systemClock, 500)
  return reportOf(options, { before, after, subscriber, cameras })
}

/** One process that serves all of them. */
export async function startCameras(options: CameraPictures): Promise<RtspCamera> {
  const { width, height, fps } = options
  const clip = await makeCounterClip({
    width,
    height,
    fps: Math.round(fps),
    bitrate: Math.round(width * height * fps * 0.217),
    frames: 240,
    profile: 'main',
    input: ['-r', String(Math.round(fps)), '-i', street],
  })
  // Cameras are not in step; connected one after the other within milliseconds, these would be.
  const random = new Random(options.seed)
  const streams = Object.fromEntries(
    cameraNames(options).map((name) => [name, { clip, fps, phase: random.uniform() }]),
  )
  return startRtspCamera({ streams, process: 'child' })
}

/** The `cameras:` of a server's configuration. */
export function cameraConfigs(
  options: CameraPictures &
    Pick<ManyCamerasOptions, 'detectFps' | 'latencyBudgetMs' | 'firstWeight'>,
  cameras: RtspCamera,
): readonly unknown[] {
  return cameraNames(options).map((id, index) => ({
    id,
    url: cameras.url(id),
    detectFps: options.detectFps,
    latencyBudgetMs: options.latencyBudgetMs,
    weight: index === 0 ? options.firstWeight : 1,
  }))
}

async function snapshot(server: SightlineServer): Promise<Snapshot> {
  const pid = server.child.pid
  assert(pid !== undefined, 'the server runs')
  const views = z.array(cameraViewSchema).parse(await server.getJson('/api/cameras'))
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  const lagSeconds = Number(/nodejs_eventloop_lag_p99_seconds ([\d.e-]+)/.exec(metrics)?.[1])
  return {
    atMs: systemClock.nowMs(),
    cpu: cpuByGroup(pid),
    bench: cpuOfBench(),
    machine: cpuOfMachine(),
    memory: memoryByGroup(pid),
    views,
    // The metric is the interval of a 5 ms timer, not how late it was.
    timerLatenessP99Ms: Math.max(0, lagSeconds * 1000 - 5),
  }
}
