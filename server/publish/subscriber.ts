import {
  clientMessageSchema,
  type BeaconMessage,
  type ClientMessage,
  type ServerMessage,
  type SubscribeMessage,
} from '#protocol/messages.ts'
import { parseJson } from '#protocol/parse.ts'
import type { Clock } from '#std/clock.ts'
import type { CameraLane } from './camera-lane.ts'
import { gapFrame } from './conflate-lane.ts'
import type { EncodedResult, FilterGroup, FilterGroups } from './filter-group.ts'
import { pongId, textFrame } from './frame.ts'
import type { Outbox } from './outbox.ts'
import { replayOf } from './resume.ts'
import { errorOf, subscriptionOf, type Subscription } from './subscription.ts'
import { TokenBucket } from './token-bucket.ts'

/** What a client may send: 20 at once, 20 a second. More is left unread, with one error a second. */
const inboundPerSecond = 20
/** A beacon is a few hundred bytes. */
const beaconBytesMax = 4 * 1024
/** All that one `resume` replays: half of what ends a connection. */
const replayBytesMax = 2 * 1024 * 1024

/** What one subscriber needs of the publisher. */
export interface SubscriberContext {
  readonly clock: Clock
  readonly bootId: string
  readonly cameras: ReadonlyMap<string, CameraLane>
  readonly groups: FilterGroups
  readonly counters: InboundCounters
  readonly onBeacon: (beacon: BeaconMessage) => void
}

export interface InboundCounters {
  rateLimited: number
  badMessages: number
}

/** One client: reads what it asks for, and gives it what it asked for. */
export class Subscriber implements Disposable {
  readonly #context: SubscriberContext
  readonly #outbox: Outbox
  readonly #inbound: TokenBucket
  #limitToldAtMs = -Infinity
  #hasResumed = false
  #current: { readonly subscription: Subscription; readonly group: FilterGroup } | null = null

  constructor(context: SubscriberContext, outbox: Outbox) {
    this.#context = context
    this.#outbox = outbox
    this.#inbound = new TokenBucket({
      capacity: inboundPerSecond,
      perSecond: inboundPerSecond,
      nowMs: context.clock.nowMs(),
    })
  }

  get outbox(): Outbox {
    return this.#outbox
  }

  offer(cameraId: string, result: EncodedResult, nowMs: number): void {
    if (this.#current === null || !this.#current.subscription.wants(cameraId)) return
    const frame = this.#current.group.frameOf(result, nowMs)
    if (frame !== null) this.#outbox.offer(cameraId, result.message.seq, frame)
  }

  offerState(cameraId: string, frame: Buffer): void {
    if (this.#current?.subscription.wants(cameraId) === true) this.#outbox.send(frame)
  }

  onText(text: string): void {
    if (!this.#mayRead()) return
    const parsed = parseJson(clientMessageSchema, text)
    if (!parsed.ok) return this.#refuse(parsed.path, parsed.message)
    this.#handle(parsed.value, Buffer.byteLength(text))
  }

  onBinary(): void {
    if (this.#mayRead()) this.#refuse('', 'a text message with JSON is expected, not a binary one')
  }

  onPong(payload: Buffer): void {
    const id = pongId(payload)
    if (id !== null) this.#outbox.onPong(id)
  }

  [Symbol.dispose](): void {
    this.#unsubscribe()
    this.#outbox[Symbol.dispose]()
  }

  #handle(message: ClientMessage, bytes: number): void {
    switch (message.type) {
      case 'subscribe':
        return this.#subscribe(message)
      case 'unsubscribe':
        return this.#unsubscribe()
      case 'ping': {
        const { id, sentAtMs } = message
        return this.#reply({ type: 'pong', id, sentAtMs, serverAtMs: this.#context.clock.nowMs() })
      }
      case 'beacon':
        if (bytes <= beaconBytesMax) return this.#context.onBeacon(message)
        return this.#reply(errorOf('too_large', `a beacon has at most ${beaconBytesMax} bytes`))
    }
  }

  #subscribe(message: SubscribeMessage): void {
    this.#leaveGroup()
    const { cameras, groups } = this.#context
    const subscription = subscriptionOf(message, (id) => cameras.has(id))
    const group = groups.join(subscription.filter)
    this.#current = { subscription, group }
    this.#outbox.keepOnly(subscription.wants)
    for (const error of subscription.errors) this.#reply(error)
    const wanted = [...cameras.values()].filter((camera) => subscription.wants(camera.id))
    for (const { stateFrame } of wanted) if (stateFrame !== null) this.#outbox.send(stateFrame)
    if (message.resume !== undefined) this.#resume(message.resume, wanted)
  }

  #resume(resume: NonNullable<SubscribeMessage['resume']>, wanted: readonly CameraLane[]): void {
    // Once a connection: it exists for reconnecting, and a replay is dear.
    if (this.#hasResumed)
      return this.#reply(errorOf('unsupported', 'a connection can resume only once'))
    if (this.#current === null) return
    this.#hasResumed = true
    const returning = wanted.filter(({ id }) => Object.hasOwn(resume.cameras, id))
    for (const camera of returning) {
      const replay = replayOf({
        camera: camera.id,
        lastSeq: resume.cameras[camera.id] ?? 0,
        sameBoot: resume.bootId === this.#context.bootId,
        newestSeq: camera.seq,
        ring: camera.ring,
        filter: this.#current.group.filter,
        bytesMax: replayBytesMax / returning.length,
        nowMs: this.#context.clock.nowMs(),
      })
      if (replay.gap !== null) this.#outbox.send(gapFrame(replay.gap))
      for (const { seq, frame } of replay.results) this.#outbox.offer(camera.id, seq, frame)
    }
  }

  #unsubscribe(): void {
    this.#leaveGroup()
    this.#outbox.keepOnly(() => false)
  }

  #leaveGroup(): void {
    if (this.#current === null) return
    this.#context.groups.leave(this.#current.group)
    this.#current = null
  }

  #mayRead(): boolean {
    const nowMs = this.#context.clock.nowMs()
    if (this.#inbound.take(nowMs)) return true
    this.#context.counters.rateLimited++
    if (nowMs - this.#limitToldAtMs >= 1_000) {
      this.#limitToldAtMs = nowMs
      this.#reply(errorOf('rate_limited', `at most ${inboundPerSecond} messages a second`))
    }
    return false
  }

  #refuse(path: string, message: string): void {
    this.#context.counters.badMessages++
    this.#reply(errorOf('bad_message', path === '' ? message : `${path}: ${message}`))
  }

  #reply(message: ServerMessage): void {
    this.#outbox.send(textFrame(JSON.stringify(message)))
  }
}
