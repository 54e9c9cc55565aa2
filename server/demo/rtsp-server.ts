import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '#std/clock.ts'
import { assert } from '#std/assert.ts'
import { ClientSession, type ServedStream } from './client-session.ts'
import type { SentFrame } from './clip-player.ts'
import { type Gate, Gatekeeper } from './gatekeeper.ts'

export interface RtspServerOptions {
  readonly clock: Clock
  readonly streams: ReadonlyMap<string, ServedStream>
  /** 0 = any free one. */
  readonly port?: number
  readonly gate?: Gate | null
  readonly onSent?: (sent: SentFrame, streamName: string) => void
}

/** A small RTSP camera on loopback: named streams of looping clips, each client from the clip's start. */
export class RtspServer implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #sessions: Set<ClientSession>
  readonly #state: { isStalled: boolean }

  constructor(server: Server, sessions: Set<ClientSession>, state: { isStalled: boolean }) {
    const address = server.address()
    assert(address !== null && typeof address === 'object', 'it listens on TCP')
    this.port = address.port
    this.#server = server
    this.#sessions = sessions
    this.#state = state
  }

  url(streamName: string): string {
    return `rtsp://127.0.0.1:${this.port}/${streamName}`
  }

  get clients(): number {
    return this.#sessions.size
  }

  /** Connections stay and nothing more is sent, until `resume`. */
  stall(): void {
    this.#state.isStalled = true
    for (const session of this.#sessions) session.pause()
  }

  resume(): void {
    this.#state.isStalled = false
    for (const session of this.#sessions) session.resume()
  }

  /** Ends every connection; new ones are welcome. */
  cut(): void {
    for (const session of this.#sessions) session[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }
}

/** Resolves when it listens; rejects with the system's error, for example for a port in use. */
export async function startRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const sessions = new Set<ClientSession>()
  const state = { isStalled: false }
  const gatekeeper = new Gatekeeper(options.gate ?? null)
  const server = createServer((socket: Socket) => {
    const session = new ClientSession({
      socket,
      clock: options.clock,
      streams: options.streams,
      gatekeeper,
      onSent: (sent, streamName) => options.onSent?.(sent, streamName),
      startsPaused: () => state.isStalled,
    })
    sessions.add(session)
    socket.once('close', () => sessions.delete(session))
  })
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return new RtspServer(server, sessions, state)
}
