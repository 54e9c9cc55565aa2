import type { Clock } from '#std/clock.ts'
import { assert } from '#std/assert.ts'
import type { Log } from '#std/log.ts'
import { CameraRelay } from './camera-relay.ts'
import { startMediaWorker, type MediaWorker } from './media-worker.ts'
import { forwardMediasoupLog } from './mediasoup-log.ts'
import { RelayOpenError } from './relay-open-error.ts'
import { RelayError, type Relay, type RelayCamera, type RelayStatus } from './relay.ts'
import { chooseRtcPort } from './rtc-port.ts'
import type { ViewerSession } from './viewer-session.ts'
import { parseOffer, type WhepOffer } from './whep-offer.ts'
import { WorkerSupervisor } from './worker-supervisor.ts'

export interface RelayOptions {
  readonly clock: Clock
  readonly log: Log
  /** Path of the mediasoup-worker program. */
  readonly workerBin: string
  /** UDP and TCP; 0: any that is free for both. It stays the same when the worker is restarted. */
  readonly rtcPort: number
  /** An address of this machine. */
  readonly listenIp: string
  /** What viewers are told, an address or a host name; null: `listenIp`, which then may not be a wildcard. */
  readonly announcedAddress: string | null
  /** Sessions at once, over all cameras, those that connect included. */
  readonly viewersMax?: number
}

/** One core forwards about that many 720p streams; beyond, every viewer would suffer. */
const viewersMaxDefault = 200

/** Resolves when viewers can join; rejects with RelayOpenError. */
export async function openRelay(options: RelayOptions): Promise<Relay> {
  const { clock, listenIp, announcedAddress, workerBin } = options
  if (announcedAddress === null && /^(0\.0\.0\.0|::)$/.test(listenIp))
    throw new RelayOpenError(
      'address_unusable',
      `listening on ${listenIp} for WebRTC needs an announced address: one that viewers can reach`,
    )
  const log = options.log.area('relay')
  const port = await chooseRtcPort(listenIp, options.rtcPort)
  await using opened = new AsyncDisposableStack()
  opened.use(forwardMediasoupLog(clock, log))
  const supervisor = opened.use(
    await WorkerSupervisor.open({
      clock,
      log,
      start: (onEnded) =>
        startMediaWorker({ clock, workerBin, listenIp, announcedAddress, port }, onEnded),
    }),
  )
  log.info('viewers can join', { address: announcedAddress ?? listenIp, port })
  return new MediasoupRelay({
    clock,
    log,
    supervisor,
    viewersMax: options.viewersMax ?? viewersMaxDefault,
    resources: opened.move(),
  })
}

class MediasoupRelay implements Relay {
  readonly #clock: Clock
  readonly #log: Log
  readonly #supervisor: WorkerSupervisor<MediaWorker>
  readonly #viewersMax: number
  readonly #resources: AsyncDisposableStack
  readonly #cameras = new Map<string, CameraRelay>()
  readonly #sessions = new Map<string, ViewerSession>()
  /** Offers that are being answered: they count against the limit, or a burst would pass it. */
  #joining = 0

  constructor(options: {
    readonly clock: Clock
    readonly log: Log
    readonly supervisor: WorkerSupervisor<MediaWorker>
    readonly viewersMax: number
    readonly resources: AsyncDisposableStack
  }) {
    this.#clock = options.clock
    this.#log = options.log
    this.#supervisor = options.supervisor
    this.#viewersMax = options.viewersMax
    this.#resources = options.resources
  }

  addCamera(cameraId: string): RelayCamera {
    assert(!this.#cameras.has(cameraId), 'a camera is added once')
    const camera = new CameraRelay({
      clock: this.#clock,
      onDisposed: () => this.#cameras.delete(cameraId),
    })
    this.#cameras.set(cameraId, camera)
    return camera
  }

  async watch(
    cameraId: string,
    offerSdp: string,
  ): Promise<{ readonly sessionId: string; readonly answerSdp: string }> {
    const camera = this.#cameras.get(cameraId)
    if (camera === undefined)
      throw new RelayError('unknown_camera', `there is no camera ${JSON.stringify(cameraId)}`)
    const offer = parseOffer(offerSdp)
    if (this.#sessions.size + this.#joining >= this.#viewersMax)
      throw new RelayError(
        'too_many_viewers',
        `all ${this.#viewersMax} places for viewers are taken`,
        { retryable: true },
      )
    const worker = this.#supervisor.worker
    if (worker === null) throw this.#restarting()
    this.#joining++
    try {
      const session = await this.#join(camera, worker, offer)
      this.#log.debug('viewer joins', { camera: cameraId, payloadType: offer.h264.payloadType })
      return { sessionId: session.id, answerSdp: session.answerSdp }
    } finally {
      this.#joining--
    }
  }

  unwatch(sessionId: string): boolean {
    const session = this.#sessions.get(sessionId)
    session?.[Symbol.dispose]()
    return session !== undefined
  }

  status(): RelayStatus {
    const { worker, reason, restarts } = this.#supervisor
    return {
      ready: worker !== null,
      reason,
      restarts,
      viewers: this.#sessions.size,
      workerPid: worker?.pid ?? null,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const camera of this.#cameras.values()) camera[Symbol.dispose]()
    await this.#resources[Symbol.asyncDispose]()
  }

  async #join(camera: CameraRelay, worker: MediaWorker, offer: WhepOffer): Promise<ViewerSession> {
    try {
      const session = await camera.join(worker, offer, (ended, reason) => {
        this.#sessions.delete(ended.id)
        this.#log.debug('viewer leaves', { reason })
      })
      this.#sessions.set(session.id, session)
      return session
    } catch (error) {
      // Whatever mediasoup says, it is because the worker is gone.
      if (this.#supervisor.worker !== worker) throw this.#restarting(error)
      throw error
    }
  }

  #restarting(cause?: unknown): RelayError {
    const reason = this.#supervisor.reason ?? 'the media worker was just restarted'
    return new RelayError('relay_restarting', `${reason}; try again in a moment`, {
      retryable: true,
      cause,
    })
  }
}
