import { once } from 'node:events'
import type { DetectionsMessage, ServerMessage } from '#protocol/messages.ts'
import { serverMessageSchema } from '#protocol/messages.ts'
import { parseJson } from '#protocol/parse.ts'
import { jsonSubprotocol } from '#protocol/version.ts'
import { systemClock } from '#std/clock.ts'
import { waitFor } from './sightline-server.ts'

/** A message and when it came. */
export interface Received<M extends ServerMessage = ServerMessage> {
  readonly message: M
  readonly receivedAtMs: number
}

/** A program that subscribes to everything, with Node's own WebSocket: every message is checked against the schema. */
export class Subscriber implements Disposable {
  readonly received: Received[] = []
  readonly #socket: WebSocket

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', (event) => {
      const receivedAtMs = systemClock.nowMs()
      const parsed = parseJson(serverMessageSchema, String(event.data))
      if (!parsed.ok) throw new Error(`not of the protocol: ${parsed.path}: ${parsed.message}`)
      this.received.push({ message: parsed.value, receivedAtMs })
    })
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  send(message: unknown): void {
    this.#socket.send(JSON.stringify(message))
  }

  /** Those of one camera, oldest first. */
  detections(camera: string): readonly Received<DetectionsMessage>[] {
    return this.received.flatMap(({ message, receivedAtMs }) =>
      message.type === 'detections' && message.camera === camera ? [{ message, receivedAtMs }] : [],
    )
  }

  /** The first message, old or new, that `matches`. */
  async waitFor<M extends ServerMessage>(
    what: string,
    matches: (message: ServerMessage) => message is M,
    limitMs = 20_000,
  ): Promise<M> {
    return waitFor(what, () => this.received.map(({ message }) => message).find(matches), {
      limitMs,
      everyMs: 10,
    })
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}

/** Connects, subscribes to all cameras and resolves when `hello` has come. */
export async function subscribe(socketUrl: string): Promise<Subscriber> {
  const socket = new WebSocket(socketUrl, jsonSubprotocol)
  const subscriber = new Subscriber(socket)
  await once(socket, 'open')
  await subscriber.waitFor('hello', (message) => message.type === 'hello')
  subscriber.send({ type: 'subscribe', cameras: ['*'] })
  return subscriber
}
