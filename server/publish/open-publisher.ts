import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { jsonSubprotocol } from '#protocol/version.ts'
import type { ClientSocket } from './client-socket.ts'
import { closeGraceMs } from './outbox-limits.ts'
import type { Publisher } from './publisher.ts'
import { SubscriberHub, type HubOptions, type PublisherStats } from './subscriber-hub.ts'

/** The largest message a client may send; more closes with 1009. */
const inboundBytesMax = 16 * 1024
/** At 15 results a second they take 0.06 of a core a camera, less where results come together (fan-out.bench.ts). */
const subscribersMaxDefault = 200

/** The publisher as the server composes it: cameras on one side, upgraded connections on the other. */
export interface WebSocketPublisher extends Publisher, AsyncDisposable {
  /** Takes over the connection of an upgrade request whose path, host and origin have been checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
  stats(): PublisherStats
}

export type PublisherOptions = Omit<HubOptions, 'subscribersMax'> & {
  readonly subscribersMax?: number
}

/** Disposing closes every connection with 1001 and resolves when they are gone, within about a second. */
export function openPublisher(options: PublisherOptions): WebSocketPublisher {
  const { clock, log } = options
  const hub = new SubscriberHub({ subscribersMax: subscribersMaxDefault, ...options })
  const connections = new Set<WebSocket>()
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: inboundBytesMax,
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: (offered) => (offered.has(jsonSubprotocol) ? jsonSubprotocol : false),
  })
  let onGone: (() => void) | null = null
  let disposal: Promise<void> | null = null

  return {
    addCamera: (cameraId) => hub.addCamera(cameraId),
    stats: () => hub.stats(),
    accept(request, socket, head) {
      if (!speaksOurs(request)) return refuseSubprotocol(socket)
      server.handleUpgrade(request, socket, head, (ws) => connect(ws, socket))
    },
    [Symbol.asyncDispose]: () => (disposal ??= dispose()),
  }

  function connect(ws: WebSocket, socket: Duplex): void {
    connections.add(ws)
    const subscriber = hub.admit(clientSocket(ws, socket))
    ws.on('error', (error) => {
      // Too large a message, say: ws has sent its close frame and would wait 30 s for the client's.
      log.debug('subscriber failed', { reason: error.message })
      subscriber?.outbox.close(1011, 'connection failed')
    })
    ws.on('close', () => {
      connections.delete(ws)
      if (subscriber !== null) hub.release(subscriber)
      if (connections.size === 0) onGone?.()
    })
    if (subscriber === null) return
    ws.on('message', (data, isBinary) => {
      if (isBinary || !Buffer.isBuffer(data)) subscriber.onBinary()
      else subscriber.onText(data.toString('utf8'))
    })
    ws.on('pong', (payload) => subscriber.onPong(payload))
  }

  async function dispose(): Promise<void> {
    hub[Symbol.dispose]()
    if (connections.size === 0) return
    await new Promise<void>((resolve) => {
      // The outboxes end what does not answer; this bounds the wait should one of them not.
      const timer = clock.after(2 * closeGraceMs, resolve)
      onGone = () => {
        timer[Symbol.dispose]()
        resolve()
      }
    })
    for (const ws of connections) ws.terminate()
  }
}

/** Without a subprotocol the client gets the default one; one that offers only others speaks something else. */
function speaksOurs(request: IncomingMessage): boolean {
  const header = request.headers['sec-websocket-protocol']
  if (header === undefined) return true
  return header.split(',').some((name) => name.trim() === jsonSubprotocol)
}

function refuseSubprotocol(socket: Duplex): void {
  const sentence = `no supported WebSocket subprotocol; offer ${jsonSubprotocol}\n`
  socket.end(
    'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(sentence)}\r\n\r\n${sentence}`,
    () => socket.destroy(),
  )
}

/**
 * Data frames go straight to the connection, made once for all clients. ws writes its own frames (close, pong) whole
 * and at once too, as nothing is compressed, so they never interleave.
 */
function clientSocket(ws: WebSocket, socket: Duplex): ClientSocket {
  return {
    get isOpen() {
      return ws.readyState === WebSocket.OPEN
    },
    get bufferedBytes() {
      return socket.writableLength
    },
    write(frames) {
      // Corking a single one would cost more than it brings.
      if (frames.length > 1) socket.cork()
      for (const frame of frames) socket.write(frame)
      if (frames.length > 1) socket.uncork()
    },
    close: (code, reason) => ws.close(code, reason),
    terminate: () => ws.terminate(),
  }
}
