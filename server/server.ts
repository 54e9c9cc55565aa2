import { randomUUID } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { CameraConfig } from '#config/camera.ts'
import type { Config } from '#config/schema.ts'
import { SheddingController } from '#gpu/shedding.ts'
import type { Clock } from '#std/clock.ts'
import { CodedError, messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'
import packageJson from '../package.json' with { type: 'json' }
import type { CameraParts } from './camera/camera.ts'
import { CameraRegistry } from './camera/registry.ts'
import { openDecoder } from './decode/open-decoder.ts'
import { type DemoCamera, openDemoCamera } from './demo/demo-camera.ts'
import { createApp } from './http/app.ts'
import { type HttpServer, openHttpServer } from './http/open-http-server.ts'
import { createMetrics } from './metrics/metrics.ts'
import { ModelDirectory } from './models/model-directory.ts'
import { type Engines, modelsFolder, openEngines } from './open-engines.ts'
import { openPublisher, type WebSocketPublisher } from './publish/open-publisher.ts'
import { readinessOf } from './readiness.ts'
import { openLoadShedder } from './shed/load-shedder.ts'
import { sloView } from './slo-view.ts'
import { openSlo, type SloMeasurement } from './slo/open-slo.ts'
import { rtspSource } from './source/rtsp-source.ts'
import { systemView } from './system-view.ts'
import { withEngine } from './tensorrt.ts'

export interface ServerOptions {
  readonly config: Config
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
}

export interface Server extends AsyncDisposable {
  /** Where people reach it. */
  readonly url: string
}

const repository = resolve(import.meta.dirname, '..')
/** The demo clip as set-up makes it. */
const demoFps = 25

/**
 * The one place where everything is constructed. Resolves when the model serves, viewers can join and the address
 * answers; rejects with a CodedError whose sentence says what is missing. Disposing stops in reverse order.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { config, clock, log, random } = options
  await using started = new AsyncDisposableStack()
  const bootId = randomUUID()
  const startedAt = new Date(clock.wallTimeMs()).toISOString()
  refuseReadOnly(config.dataDir)

  const engines = await openEngines(options, started)
  const { ffmpeg, detector, relay } = engines
  // Before the cameras, so that it ends after them: nobody is told that it went.
  const demo = config.demo ? started.use(await openDemo(options)) : null
  const slo = started.use(openSlo({ clock, utilization: () => detector.status().utilization }))
  const publisher = openPublisher({ clock, log, serverVersion: packageJson.version, bootId })
  let decoderRestarts = 0
  const parts: CameraParts = {
    clock,
    log,
    random,
    openSource: (camera) => rtspSource({ url: camera.url, clock }),
    openDecoder: (geometry, listener, cameraId) =>
      openDecoder({
        ffmpegPath: ffmpeg.path,
        geometry,
        listener,
        clock,
        log: log.area('decode', { camera: cameraId }),
      }),
    detector,
    relay,
    publisher,
    slo,
    onDecoderRestart: () => decoderRestarts++,
  }
  const cameras = started.use(new CameraRegistry(parts))
  started.use(
    openLoadShedder({
      clock,
      log: log.area('shed'),
      controller: new SheddingController(),
      cameras,
      detector,
      takeWorstAgeRatio: (cameraId) => slo.takeWorstAgeRatio(cameraId),
    }),
  )
  // After the cameras, so that it stops first: subscribers are told that the server goes, not that cameras were removed.
  started.use(publisher)

  const http = started.use(
    await openApi(options, engines, {
      boot: { bootId, startedAt, version: packageJson.version },
      cameras,
      slo,
      publisher,
      decoderRestarts: () => decoderRestarts,
    }),
  )
  for (const camera of config.cameras) cameras.add(camera, 'file')
  if (demo !== null) addDemo(demo, cameras, log)

  const host = config.host.includes(':') ? `[${config.host}]` : config.host
  const url = `http://${host}:${http.port}`
  log.info('serving', { url, cameras: cameras.list().length, version: packageJson.version })
  const stack = started.move()
  return { url, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** Everything that answers over HTTP, listening. */
function openApi(
  { config, clock, log }: ServerOptions,
  engines: Engines,
  parts: {
    readonly boot: Parameters<typeof systemView>[0]
    readonly cameras: CameraRegistry
    readonly slo: SloMeasurement
    readonly publisher: WebSocketPublisher
    readonly decoderRestarts: () => number
  },
): Promise<HttpServer> {
  const { detector, relay } = engines
  // A wildcard is no name that a browser asks for: behind one, names must be configured.
  const allowedHosts = [config.host, ...config.allowedHosts]
  const metrics = createMetrics({
    slo: parts.slo,
    cameras: parts.cameras,
    publisher: parts.publisher,
    relay,
    inference: { status: () => detector.status(), batchSizes: () => detector.batchSizes() },
    decoder: { restarts: parts.decoderRestarts },
  })
  const app = createApp({
    ports: {
      cameras: {
        list: () => parts.cameras.list(),
        get: (id) => parts.cameras.get(id),
        create: (camera) => parts.cameras.add(camera, 'api'),
        remove: (id) => parts.cameras.remove(id),
      },
      models: new ModelDirectory({
        folder: modelsFolder(config),
        atStart: config.gpu.model,
        detector: withEngine(detector, engines.engine),
        clock,
      }),
      relay,
      readiness: () =>
        readinessOf({
          detector: detector.status(),
          relay: relay.status(),
          decoderRestarts: parts.decoderRestarts(),
        }),
      system: () => systemView(parts.boot, engines, clock),
      slo: () =>
        sloView({
          report: parts.slo.report(),
          cameras: parts.cameras.list(),
          utilization: detector.status().utilization,
          clock,
        }),
      metrics,
    },
    allowedHosts,
    staticDir: join(repository, 'client/dist'),
    log,
  })
  return openHttpServer({
    host: config.host,
    port: config.port,
    app,
    allowedHosts,
    onUpgrade: (request, socket, head) => parts.publisher.accept(request, socket, head),
    clock,
    log,
  })
}

function openDemo({ config, clock, log, random }: ServerOptions): Promise<DemoCamera | null> {
  return openDemoCamera({
    clipPath: join(config.dataDir, 'demo/street.h264'),
    fps: demoFps,
    clock,
    log: log.area('demo'),
    random,
  })
}

function addDemo(demo: DemoCamera, cameras: CameraRegistry, log: Log): void {
  const camera: CameraConfig = {
    id: 'demo',
    name: 'Demo street',
    url: demo.url,
    detectFps: 0,
    latencyBudgetMs: 200,
    weight: 1,
  }
  if (cameras.get(camera.id) === null) cameras.add(camera, 'demo')
  else log.warn('a camera “demo” is configured: the built-in one is left out')
}

function refuseReadOnly(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true })
    accessSync(dataDir, constants.W_OK)
  } catch (error) {
    throw new CodedError('data_not_writable', `cannot write to ${dataDir}: ${messageOf(error)}`)
  }
}
