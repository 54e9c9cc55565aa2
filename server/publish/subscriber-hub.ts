import type { BeaconMessage, HelloMessage } from '#protocol/messages.ts'
import { protocolVersion } from '#protocol/version.ts'
import { assert } from '#std/assert.ts'
import type { Clock, Timer } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { LossCounter } from '#std/loss-counter.ts'
import { BeaconTotals } from './beacon-totals.ts'
import { CameraLane } from './camera-lane.ts'
import type { ClientSocket } from './client-socket.ts'
import { FilterGroups } from './filter-group.ts'
import { textFrame } from './frame.ts'
import { Outbox, type OutboxCounters } from './outbox.ts'
import { idlePingMs } from './outbox-limits.ts'
import type { CameraPublisher, Publisher } from './publisher.ts'
import { SeqMemory } from './seq-memory.ts'
import { Subscriber, type InboundCounters } from './subscriber.ts'
import { errorOf } from './subscription.ts'
import { Turn } from './turn.ts'

const sweepPeriodMs = 1_000

/** What the publisher has done since the start, for the metrics; rising, but for `subscribers`. */
export interface PublisherStats extends Readonly<OutboxCounters>, Readonly<InboundCounters> {
  readonly subscribers: number
  /** Connections turned away because there were too many. */
  readonly refused: number
  readonly beacons: BeaconTotals
}

export interface HubOptions {
  readonly clock: Clock
  readonly log: Log
  readonly serverVersion: string
  /** Differs from run to run of the server. */
  readonly bootId: string
  readonly subscribersMax: number
}

/** All cameras on one side, all subscribers on the other; knows sockets only as `ClientSocket`. */
export class SubscriberHub implements Publisher, Disposable {
  readonly #options: HubOptions
  readonly #cameras = new Map<string, CameraLane>()
  readonly #subscribers = new Set<Subscriber>()
  readonly #groups = new FilterGroups()
  readonly #turn = new Turn()
  readonly #seqs = new SeqMemory()
  readonly #sweeper: Timer
  readonly #refusals: LossCounter
  readonly #beacons = new BeaconTotals()
  readonly #outboxCounters = { messages: 0, bytes: 0, conflated: 0, evicted: 0 }
  readonly #inboundCounters = { rateLimited: 0, badMessages: 0 }
  #refused = 0
  #isClosed = false

  constructor(options: HubOptions) {
    this.#options = options
    this.#sweeper = options.clock.every(sweepPeriodMs, () => {
      for (const { outbox } of this.#subscribers) outbox.sweep()
    })
    this.#refusals = new LossCounter(options.clock, (count) =>
      options.log.warn('too many subscribers', { refused: count, max: options.subscribersMax }),
    )
  }

  addCamera(cameraId: string): CameraPublisher {
    assert(!this.#cameras.has(cameraId), `camera ${cameraId} is published once`)
    const lane = new CameraLane(cameraId, this.#seqs.lastOf(cameraId))
    this.#cameras.set(cameraId, lane)
    return {
      publish: (result) => {
        if (this.#cameras.get(cameraId) !== lane) return
        const nowMs = this.#options.clock.nowMs()
        const encoded = lane.next(result, nowMs)
        for (const subscriber of this.#subscribers) subscriber.offer(cameraId, encoded, nowMs)
      },
      announce: (state) => {
        if (this.#cameras.get(cameraId) === lane) this.#tellState(cameraId, lane.announce(state))
      },
      [Symbol.dispose]: () => {
        if (this.#cameras.get(cameraId) === lane) this.#removeCamera(lane)
      },
    }
  }

  /** Takes a client in, greets it, and returns what its socket's events go to; null: turned away. */
  admit(socket: ClientSocket): Subscriber | null {
    const { clock } = this.#options
    const outbox = new Outbox({
      clock,
      socket,
      turn: this.#turn,
      counters: this.#outboxCounters,
    })
    if (this.#isClosed || this.#subscribers.size >= this.#options.subscribersMax) {
      this.#refuse(outbox)
      return null
    }
    const subscriber = new Subscriber(
      {
        clock,
        bootId: this.#options.bootId,
        cameras: this.#cameras,
        groups: this.#groups,
        counters: this.#inboundCounters,
        onBeacon: (beacon: BeaconMessage) => {
          if (this.#cameras.has(beacon.camera)) this.#beacons.add(beacon)
        },
      },
      outbox,
    )
    this.#subscribers.add(subscriber)
    outbox.send(this.#helloFrame())
    return subscriber
  }

  /** The connection of an admitted client is gone. */
  release(subscriber: Subscriber): void {
    if (this.#subscribers.delete(subscriber)) subscriber[Symbol.dispose]()
  }

  stats(): PublisherStats {
    return {
      ...this.#outboxCounters,
      ...this.#inboundCounters,
      subscribers: this.#subscribers.size,
      refused: this.#refused,
      beacons: this.#beacons,
    }
  }

  /** Says goodbye to everyone; each is `release`d when its connection is gone, a second later at most. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sweeper[Symbol.dispose]()
    this.#refusals[Symbol.dispose]()
    this.#turn.end()
    for (const { outbox } of this.#subscribers) outbox.close(1001, 'the server stops')
  }

  #removeCamera(lane: CameraLane): void {
    this.#tellState(lane.id, lane.remove())
    this.#cameras.delete(lane.id)
    this.#seqs.remember(lane.id, lane.seq)
    this.#groups.forgetCamera(lane.id)
  }

  #tellState(cameraId: string, frame: Buffer): void {
    for (const subscriber of this.#subscribers) subscriber.offerState(cameraId, frame)
  }

  #refuse(outbox: Outbox): void {
    this.#refused++
    this.#refusals.add('too many subscribers')
    const sentence = `at most ${this.#options.subscribersMax} subscribers at a time`
    outbox.send(textFrame(JSON.stringify(errorOf('too_many_subscribers', sentence))))
    outbox.close(1013, 'too many subscribers')
  }

  #helloFrame(): Buffer {
    const hello: HelloMessage = {
      type: 'hello',
      protocol: protocolVersion,
      server: {
        name: 'sightline',
        version: this.#options.serverVersion,
        bootId: this.#options.bootId,
      },
      heartbeatMs: idlePingMs,
      cameras: [...this.#cameras.keys()],
    }
    return textFrame(JSON.stringify(hello))
  }
}
