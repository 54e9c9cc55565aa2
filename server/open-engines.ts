import { join } from 'node:path'
import type { Config } from '#config/schema.ts'
import type { EngineKeeper } from '#gpu/engine-keeper.ts'
import { describePassedOver } from '#gpu/execution-provider.ts'
import { openDetector, type OpenDetectorOptions } from '#gpu/open-detector.ts'
import type { Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { decodeNeed } from './decode/decode-need.ts'
import { type FoundFfmpeg, findFfmpeg } from './decode/find-ffmpeg.ts'
import { probeFfmpeg } from './decode/probe-ffmpeg.ts'
import { openRelay } from './relay/mediasoup-relay.ts'
import type { Relay } from './relay/relay.ts'
import { Tensorrt } from './tensorrt.ts'

export interface Engines {
  readonly ffmpeg: FoundFfmpeg
  readonly detector: Awaited<ReturnType<typeof openDetector>>
  /** TensorRT's, which comes after the server serves. */
  readonly engine: EngineKeeper
  readonly relay: Relay
}

/** Prepared models and their cards. */
export function modelsFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'models')
}

/**
 * FFmpeg, the model and the media worker: what takes its time, opened side by side. Rejects with the CodedError of what
 * is missing; what was opened until then is left to `started` to close.
 */
export async function openEngines(
  options: { readonly config: Config; readonly clock: Clock; readonly log: Log },
  started: AsyncDisposableStack,
): Promise<Engines> {
  const { config, clock, log } = options
  const ffmpeg = await findFfmpeg({
    configuredPath: config.ffmpegPath,
    searchPath: config.searchPath,
  })
  const tensorrt = new Tensorrt({ ...options, modelsFolder: modelsFolder(config) })
  const [probed, detector, relay] = await Promise.allSettled([
    probeFfmpeg({ ffmpegPath: ffmpeg.path, clock, log }),
    openFirst(tensorrt, {
      photoPath: join(config.dataDir, 'self-test/parkour.jpg'),
      ffmpegPath: ffmpeg.path,
      mode: config.gpu.mode,
      devices: config.gpu.devices,
      sessions: config.gpu.sessions,
      batchMax: config.gpu.batchMax,
      isolation: config.gpu.isolation,
      decodeCores: decodeNeed({
        ffmpegPath: ffmpeg.path,
        clipPath: join(config.dataDir, 'demo/street.h264'),
        cameras: config.cameras.length + (config.demo ? 1 : 0),
        log: log.area('decode'),
      }),
      clock,
      log: log.area('inference'),
    }),
    openRelay({
      clock,
      log,
      workerBin: join(config.dataDir, 'bin/mediasoup-worker'),
      rtcPort: config.rtcPort,
      // mediasoup takes addresses, not names.
      listenIp: config.host === 'localhost' ? '127.0.0.1' : config.host,
      announcedAddress: config.rtcAnnouncedAddress ?? null,
    }),
  ])
  if (detector.status === 'fulfilled') started.use(detector.value)
  if (relay.status === 'fulfilled') started.use(relay.value)
  if (probed.status === 'rejected') throw probed.reason
  if (detector.status === 'rejected') throw detector.reason
  if (relay.status === 'rejected') throw relay.reason
  const status = detector.value.status()
  log.info('model serves', {
    model: status.model.name,
    sha256: status.model.sha256.slice(0, 12),
    provider: status.executionProvider,
    // Why not a better one; nothing else is said of it.
    passedOver: describePassedOver(status.passedOver) || undefined,
  })
  log.info('decoder', { ffmpeg: ffmpeg.path, version: ffmpeg.version.text })
  const engine = started.use(await tensorrt.openKeeper(detector.value))
  return { ffmpeg, detector: detector.value, engine, relay: relay.value }
}

/** Where nothing but TensorRT may serve, its engine comes first. */
async function openFirst(
  tensorrt: Tensorrt,
  options: Omit<OpenDetectorOptions, 'modelPath' | 'cardPath' | 'executionProviders'>,
): Promise<Engines['detector']> {
  return openDetector({ ...options, ...(await tensorrt.firstModel()) })
}
