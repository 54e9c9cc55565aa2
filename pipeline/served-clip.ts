import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ModelCard } from '#gpu/model-card.ts'
import type { DetectionsMessage } from '#protocol/messages.ts'
import { serverMessageSchema } from '#protocol/messages.ts'
import { parseJson } from '#protocol/parse.ts'
import { jsonSubprotocol } from '#protocol/version.ts'
import { type Clock, sleep } from '#std/clock.ts'
import { ChildEnded, ChildProgram } from './child-program.ts'
import type { ModelPaths } from './model-paths.ts'
import { StageError } from './stage-error.ts'

export interface ServedClipOptions {
  readonly clipPath: string
  /** Frames of the clip; it is played in a loop. */
  readonly frames: number
  readonly fps: number
  readonly paths: ModelPaths
  readonly card: ModelCard
  readonly executionProviders: readonly string[]
  readonly dataDir: string
  /** For the server's configuration and its view of the data. */
  readonly folder: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** What the socket said of a frame; `place` counts frames since the camera's first that was told. */
export interface ServedFrame {
  readonly place: number
  readonly message: DetectionsMessage
}

const cameraProgram = fileURLToPath(new URL('../server/demo/main.ts', import.meta.url))
const serverProgram = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const cameraLimitMs = 15_000
/** A model is loaded, warmed and tested before the server listens. */
const serverLimitMs = 120_000
/** Times round the clip: a frame that was superseded comes again. */
const rounds = 3
const ticksASecond = 90_000

export type ServedClip =
  | { readonly kind: 'told'; readonly frames: readonly ServedFrame[] }
  /** The server does not take the model into service, and says why. */
  | { readonly kind: 'refused'; readonly sentence: string }

/**
 * A clip as an RTSP camera of a server that runs the model, each a process of its own, and what a subscriber of the
 * socket is told until each frame was told of, three rounds at most. Throws StageError.
 */
export async function serveClip(options: ServedClipOptions): Promise<ServedClip> {
  const { clock, signal } = options
  await using camera = new ChildProgram({
    path: cameraProgram,
    args: ['--clip', options.clipPath, '--fps', String(options.fps)],
    env: {},
    clock,
    signal,
  })
  const cameraUrl = await camera.told(/"url":"([^"]+)"/, cameraLimitMs)
  await using server = new ChildProgram({
    path: serverProgram,
    args: [],
    env: {
      SIGHTLINE_CONFIG: await writeConfig(options, cameraUrl),
      SIGHTLINE_DATA: await dataWithModel(options),
      SIGHTLINE_HOST: '127.0.0.1',
      SIGHTLINE_PORT: '0',
      SIGHTLINE_RTC_PORT: '0',
      SIGHTLINE_DEMO: 'off',
    },
    clock,
    signal,
  })
  try {
    const url = await server.told(/Sightline is at (http:\/\/\S+)/, serverLimitMs)
    return { kind: 'told', frames: await listen(url, options) }
  } catch (error) {
    if (!(error instanceof ChildEnded)) throw error
    return { kind: 'refused', sentence: error.message }
  }
}

async function listen(url: string, options: ServedClipOptions): Promise<readonly ServedFrame[]> {
  const { clock, signal, frames, fps } = options
  const told = new Map<number, ServedFrame>()
  let first: number | null = null
  const onDetections = (message: DetectionsMessage): void => {
    first ??= message.cameraRtpTimestamp
    const ticks = (message.cameraRtpTimestamp - first + 2 ** 32) % 2 ** 32
    const place = Math.round((ticks * fps) / ticksASecond)
    told.set(place, { place, message })
  }
  const socket = await subscribe(`${url.replace('http', 'ws')}/ws/detections`, onDetections)
  try {
    const wanted = new Set<number>()
    const untilMs = clock.nowMs() + (rounds * frames * 1000) / fps + cameraLimitMs
    while (wanted.size < frames && clock.nowMs() < untilMs) {
      await sleep(clock, 50, signal)
      signal.throwIfAborted()
      for (const place of told.keys()) wanted.add(place % frames)
    }
    return [...told.values()]
  } finally {
    socket.close()
  }
}

async function writeConfig(options: ServedClipOptions, url: string): Promise<string> {
  const path = join(options.folder, 'sightline.yaml')
  const camera = { id: 'verify', url, detectFps: 0, latencyBudgetMs: 2000 }
  const gpu = { model: options.card.name, executionProviders: options.executionProviders }
  // JSON is YAML, too.
  await writeFile(path, JSON.stringify({ gpu, cameras: [camera] }))
  return path
}

/** The data folder as it is, but with this model alone. */
async function dataWithModel({ dataDir, folder, paths, card }: ServedClipOptions): Promise<string> {
  const data = join(folder, 'data')
  const models = join(data, 'models')
  await mkdir(models, { recursive: true })
  for (const name of ['bin', 'self-test', 'demo'])
    if ((await readdir(dataDir)).includes(name))
      await symlink(join(dataDir, name), join(data, name))
  await symlink(paths.modelPath, join(models, `${card.name}.onnx`))
  await symlink(paths.cardPath, join(models, `${card.name}.json`))
  return data
}

async function subscribe(
  url: string,
  onDetections: (message: DetectionsMessage) => void,
): Promise<WebSocket> {
  const socket = new WebSocket(url, jsonSubprotocol)
  const opened = Promise.withResolvers<void>()
  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ type: 'subscribe', cameras: ['*'] }))
    opened.resolve()
  })
  socket.addEventListener('error', () =>
    opened.reject(new StageError('environment_missing', `no socket at ${url}`)),
  )
  socket.addEventListener('message', ({ data }) => {
    const parsed = parseJson(serverMessageSchema, String(data))
    if (parsed.ok && parsed.value.type === 'detections') onDetections(parsed.value)
  })
  await opened.promise
  return socket
}
