import { randomInt } from 'node:crypto'
import type { Clock } from '#std/clock.ts'
import type { StampedUnit } from '../source/stamped-unit.ts'
import type { MediaWorker } from './media-worker.ts'
import { openPayloadLane, type PayloadLane } from './payload-lane.ts'
import { RelayError, type RelayCamera } from './relay.ts'
import { RtpSender } from './rtp-sender.ts'
import { openViewerSession, type ViewerSession } from './viewer-session.ts'
import type { WhepOffer } from './whep-offer.ts'

/** What our packets carry; every producer maps it to its viewers' type. */
const sentPayloadType = 102

interface SharedLane {
  readonly worker: MediaWorker
  readonly payloadType: number
  readonly opening: Promise<PayloadLane>
  viewers: number
}

/** One camera's stream, its lanes into the SFU and who watches it. A lane lives as long as it has viewers. */
export class CameraRelay implements RelayCamera {
  readonly #clock: Clock
  readonly #onDisposed: () => void
  readonly #sent = { payloadType: sentPayloadType, ssrc: randomInt(1, 2 ** 32) }
  readonly #sender: RtpSender
  readonly #lanes = new Map<number, SharedLane>()
  readonly #sessions = new Set<ViewerSession>()
  #isDisposed = false

  constructor(options: { readonly clock: Clock; readonly onDisposed: () => void }) {
    this.#clock = options.clock
    this.#onDisposed = options.onDisposed
    this.#sender = new RtpSender({
      clock: options.clock,
      ...this.#sent,
      firstSequenceNumber: randomInt(2 ** 16),
    })
  }

  get viewers(): number {
    return this.#sessions.size
  }

  send(stamped: StampedUnit): void {
    this.#sender.send(stamped)
  }

  /**
   * Rejects with RelayError `unknown_camera` when the camera goes meanwhile, and as mediasoup does when the worker dies.
   * `onEnded` is called once, whoever ends the session.
   */
  async join(
    worker: MediaWorker,
    offer: WhepOffer,
    onEnded: (session: ViewerSession, reason: string) => void,
  ): Promise<ViewerSession> {
    const lane = this.#enterLane(worker, offer.h264.payloadType)
    const session = await this.#openSession(lane, offer, onEnded).catch((error: unknown) => {
      this.#leaveLane(lane)
      throw error
    })
    this.#sessions.add(session)
    if (this.#isDisposed) {
      session[Symbol.dispose]()
      throw new RelayError('unknown_camera', 'the camera was removed')
    }
    return session
  }

  /** Ends every session. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    for (const session of this.#sessions) session[Symbol.dispose]()
    this.#onDisposed()
  }

  async #openSession(
    lane: SharedLane,
    offer: WhepOffer,
    onEnded: (session: ViewerSession, reason: string) => void,
  ): Promise<ViewerSession> {
    const { producerId } = await lane.opening
    const session = await openViewerSession(lane.worker, {
      clock: this.#clock,
      offer,
      producerId,
      onEnded: (reason) => {
        this.#sessions.delete(session)
        this.#leaveLane(lane)
        onEnded(session, reason)
      },
    })
    return session
  }

  #enterLane(worker: MediaWorker, payloadType: number): SharedLane {
    let lane = this.#lanes.get(payloadType)
    if (lane?.worker !== worker) {
      lane = { worker, payloadType, opening: this.#openLane(worker, payloadType), viewers: 0 }
      this.#lanes.set(payloadType, lane)
    }
    lane.viewers++
    return lane
  }

  async #openLane(worker: MediaWorker, payloadType: number): Promise<PayloadLane> {
    const lane = await openPayloadLane(worker.router, { payloadType, sent: this.#sent })
    this.#sender.addOutput(lane)
    return lane
  }

  /** The last one closes it: a producer that is fed only now and then would see losses that are none. */
  #leaveLane(lane: SharedLane): void {
    lane.viewers--
    if (lane.viewers > 0) return
    if (this.#lanes.get(lane.payloadType) === lane) this.#lanes.delete(lane.payloadType)
    void lane.opening.then(
      (opened) => this.#closeLane(opened),
      () => {
        // It never opened, and whoever waited for it was told.
      },
    )
  }

  #closeLane(lane: PayloadLane): void {
    this.#sender.removeOutput(lane)
    lane[Symbol.dispose]()
  }
}
