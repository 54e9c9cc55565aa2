import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { assert } from '#std/assert.ts'
import { systemClock } from '#std/clock.ts'
import type { ServedStream } from '#server/demo/client-session.ts'
import type { SentFrame } from '#server/demo/clip-player.ts'
import { clipSdp, sessionSdp } from '#server/demo/clip-sdp.ts'
import { loadClip } from '#server/demo/clip.ts'
import type { Gate } from '#server/demo/gatekeeper.ts'
import { type RtspServer, startRtspServer } from '#server/demo/rtsp-server.ts'

export interface RtspCameraOptions {
  /** By name, which is the path: `street` is served at `rtsp://.../street`; others answer 404. */
  readonly streams: Readonly<Record<string, CameraStream>>
  /** Without it everyone may watch. */
  readonly gate?: Gate
  /** `child`: a process of its own, whose pace a busy test does not disturb. `here` where absent. */
  readonly process?: 'here' | 'child'
  readonly port?: number
}

export interface CameraStream {
  /** Path of an Annex-B H.264 file. */
  readonly clip: string
  readonly fps: number
  /** When within a frame's interval it sends, 0..1: cameras are not in step, however they were connected. */
  readonly phase?: number
  /** What its description claims; `h264`, the truth, where absent. The others send nothing after PLAY. */
  readonly claims?: 'h264' | 'h265' | 'mjpeg' | 'audio_only' | 'nothing'
}

export interface SentEntry extends SentFrame {
  readonly stream: string
}

/** A real RTSP camera that a test controls. Every call resolves when it has taken effect. */
export interface RtspCamera extends AsyncDisposable {
  readonly port: number
  url(stream: string): string
  /** With `user:password@` in it. */
  urlWith(credentials: { readonly user: string; readonly password: string }, stream: string): string
  /** Every frame sent to any client, oldest first; those of a child arrive a moment later. */
  readonly sent: readonly SentEntry[]
  /** Connections that are open; 0 for a child, which does not tell. */
  readonly clients: number
  /** Ends all connections and refuses new ones. */
  stop(): Promise<void>
  /** On the same port; RTP timestamps begin elsewhere. */
  restart(): Promise<void>
  /** Connections stay, frames stop. */
  stall(): Promise<void>
  resume(): Promise<void>
  /** Ends all connections; new ones are welcome. */
  cut(): Promise<void>
}

export type CameraCommand = 'stop' | 'restart' | 'stall' | 'resume' | 'cut'

export async function startRtspCamera(options: RtspCameraOptions): Promise<RtspCamera> {
  return options.process === 'child' ? startChild(options) : startHere(options)
}

async function startHere(options: RtspCameraOptions): Promise<RtspCamera> {
  const streams = await served(options)
  const camera = new LocalCamera(streams, options.gate ?? null)
  await camera.open(options.port ?? 0)
  return camera
}

class LocalCamera implements RtspCamera {
  readonly sent: SentEntry[] = []
  readonly #streams: ReadonlyMap<string, ServedStream>
  readonly #gate: Gate | null
  #server: RtspServer | null = null
  #port = 0

  constructor(streams: ReadonlyMap<string, ServedStream>, gate: Gate | null) {
    this.#streams = streams
    this.#gate = gate
  }

  get port(): number {
    return this.#port
  }

  get clients(): number {
    return this.#server?.clients ?? 0
  }

  async open(port: number): Promise<void> {
    this.#server = await startRtspServer({
      clock: systemClock,
      streams: this.#streams,
      gate: this.#gate,
      port,
      onSent: (frame, stream) => this.sent.push({ ...frame, stream }),
    })
    this.#port = this.#server.port
  }

  url(stream: string): string {
    return urlOf(this.#port, stream)
  }

  urlWith(
    credentials: { readonly user: string; readonly password: string },
    stream: string,
  ): string {
    return withCredentials(this.url(stream), credentials)
  }

  async stop(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]()
    this.#server = null
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.open(this.#port)
  }

  async stall(): Promise<void> {
    this.#server?.stall()
  }

  async resume(): Promise<void> {
    this.#server?.resume()
  }

  async cut(): Promise<void> {
    this.#server?.cut()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** What the child tells. */
export type ChildReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'sent'; readonly entries: readonly SentEntry[] }
  | { readonly kind: 'done'; readonly id: number }

async function startChild(options: RtspCameraOptions): Promise<RtspCamera> {
  const program = new URL('rtsp-camera-child.ts', import.meta.url)
  const child = fork(program, [JSON.stringify({ ...options, process: 'here' })])
  const camera = new ChildCamera(child)
  await camera.listening
  return camera
}

class ChildCamera implements RtspCamera {
  readonly sent: SentEntry[] = []
  readonly listening: Promise<void>
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, () => void>()
  #port = 0
  #commands = 0

  constructor(child: ChildProcess) {
    this.#child = child
    this.listening = new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the camera's process ended with ${code}`)))
      // `fork` hands over what the child sent as unknown data; the child is the file beside this one.
      child.on('message', (report: ChildReport) => {
        if (report.kind === 'sent') this.sent.push(...report.entries)
        if (report.kind === 'done') this.#waiting.get(report.id)?.()
        if (report.kind === 'listening') {
          this.#port = report.port
          resolve()
        }
      })
    })
    // Awaited at start only; an end after that shows as commands that nobody answers.
    this.listening.catch(() => {})
  }

  readonly clients = 0

  get port(): number {
    return this.#port
  }

  url(stream: string): string {
    return urlOf(this.#port, stream)
  }

  urlWith(
    credentials: { readonly user: string; readonly password: string },
    stream: string,
  ): string {
    return withCredentials(this.url(stream), credentials)
  }

  stop(): Promise<void> {
    return this.#command('stop')
  }

  restart(): Promise<void> {
    return this.#command('restart')
  }

  stall(): Promise<void> {
    return this.#command('stall')
  }

  resume(): Promise<void> {
    return this.#command('resume')
  }

  cut(): Promise<void> {
    return this.#command('cut')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  #command(command: CameraCommand): Promise<void> {
    const id = this.#commands++
    assert(this.#child.connected, `the camera's process can be told to ${command}`)
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, command })
    })
  }
}

async function served(options: RtspCameraOptions): Promise<ReadonlyMap<string, ServedStream>> {
  const streams = new Map<string, ServedStream>()
  for (const [name, stream] of Object.entries(options.streams)) {
    const clip = await loadClip(stream.clip)
    const claims = stream.claims ?? 'h264'
    const { fps } = stream
    const phase = stream.phase === undefined ? {} : { phase: stream.phase }
    if (claims === 'h264') streams.set(name, { sdp: clipSdp(clip, fps), clip, fps, ...phase })
    else streams.set(name, { sdp: sessionSdp(claimedMedia[claims]), clip: null, fps })
  }
  return streams
}

const claimedMedia = {
  h265: ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H265/90000', 'a=control:trackID=0'],
  mjpeg: ['m=video 0 RTP/AVP 26', 'a=control:trackID=0'],
  audio_only: ['m=audio 0 RTP/AVP 0', 'a=rtpmap:0 PCMU/8000', 'a=control:trackID=0'],
  nothing: [],
} as const

function urlOf(port: number, stream: string): string {
  return `rtsp://127.0.0.1:${port}/${stream}`
}

function withCredentials(
  url: string,
  credentials: { readonly user: string; readonly password: string },
): string {
  const { user, password } = credentials
  return url.replace('//', `//${encodeURIComponent(user)}:${encodeURIComponent(password)}@`)
}
