import type { Hono } from 'hono'
import type { CameraConfig } from '#config/camera.ts'
import type { CameraView, Readiness, SystemView } from '#protocol/api.ts'
import type { ModelsView } from '#protocol/models.ts'
import type { SloView } from '#protocol/slo.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import { CameraError } from '../camera/camera-error.ts'
import { UnknownModelError } from '../models/unknown-model-error.ts'
import { openSlo } from '../slo/open-slo.ts'
import { sloView } from '../slo-view.ts'
import { createApp } from './app.ts'
import type { ApiPorts } from './ports.ts'

export const readiness: Readiness = {
  ready: true,
  reasons: [],
  restarts: { decoder: 0, relay: 0, inference: 0 },
}
export const system: SystemView = {
  name: 'sightline',
  version: '0.1.0',
  bootId: 'b1',
  startedAt: '2026-01-01T00:00:00.000Z',
  protocol: 1,
  runtime: { node: 'v24', platform: 'linux', arch: 'x64', cpus: 2 },
  ffmpeg: null,
  inference: {
    ready: true,
    executionProvider: 'cpu',
    passedOver: [],
    engine: { state: 'none', progress: null, since: '2026-01-01T00:00:00.000Z', reason: 'no GPU' },
    model: { name: 'm', sha256: 'ab', classes: ['person'] },
    swap: null,
    lastSwapFailure: null,
    sessions: 1,
    sessionsReason: 'as configured',
  },
  relay: { ready: true, viewers: 0 },
}

export const models: ModelsView = {
  models: [
    { name: 'm', active: true, usable: true, reason: null, facts: null },
    { name: 'n', active: false, usable: false, reason: 'no', facts: null },
  ],
  atStart: 'm',
  swap: null,
  lastSwapFailure: null,
}

/**
 * For tests: the app in front of one camera `fixed` of the configuration file, an id `full` for which there is no room,
 * and a relay whose one session is `s1`.
 */
export function appOf(ports: Partial<ApiPorts> = {}, staticDir = '/nowhere'): Hono {
  const cameras = new Map<string, CameraView>([
    ['fixed', viewOf({ id: 'fixed', url: 'rtsp://h/1' })],
  ])
  const sessions = new Set<string>()
  return createApp({
    allowedHosts: ['cams.example'],
    staticDir,
    log: silentLog,
    ports: {
      cameras: {
        list: () => [...cameras.values()].filter(({ id }) => id !== 'fixed'),
        get: (id) => cameras.get(id) ?? null,
        create(config) {
          if (config.id === 'full') throw new CameraError('too_many_cameras', 'there are too many')
          if (cameras.has(config.id)) throw new CameraError('camera_exists', 'it is there already')
          const view = viewOf(config)
          cameras.set(config.id, view)
          return view
        },
        async remove(id) {
          await Promise.resolve()
          if (id === 'fixed') throw new CameraError('camera_managed_by_file', 'remove it there')
          if (!cameras.delete(id)) throw new CameraError('not_found', 'there is no such camera')
        },
      },
      relay: {
        watch(_, offer) {
          sessions.add('s1')
          return Promise.resolve({ sessionId: 's1', answerSdp: `answer to ${offer}` })
        },
        unwatch: (id) => sessions.delete(id),
      },
      models: {
        list: () => Promise.resolve(models),
        activate: (name) => Promise.reject(new UnknownModelError('unknown_model', `no ${name}`)),
      },
      readiness: () => readiness,
      system: () => system,
      slo: () => sloOfNothing(),
      metrics: {
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        text: () => Promise.resolve('up 1\n'),
      },
      ...ports,
    },
  })
}

function sloOfNothing(): SloView {
  const clock = new FakeClock()
  using slo = openSlo({ clock, utilization: () => 0 })
  return sloView({ report: slo.report(), cameras: [], utilization: 0, clock })
}

function viewOf(config: Pick<CameraConfig, 'id' | 'url'>): CameraView {
  return {
    id: config.id,
    name: config.id,
    url: config.url.replace(/:[^:@/]+@/, ':***@'),
    managedBy: 'api',
    persisted: false,
    detectFps: 10,
    latencyBudgetMs: 200,
    weight: 1,
    state: 'connecting',
    code: null,
    reason: null,
    epoch: 0,
    reconnects: 0,
    codec: null,
    relay: 'idle',
    viewers: 0,
    measuredFps: 0,
    effectiveFps: 0,
    shed: null,
    frames: {
      received: 0,
      detected: 0,
      superseded: 0,
      late: 0,
      paced: 0,
      damaged: 0,
      failed: 0,
      inFlight: 0,
    },
  }
}
