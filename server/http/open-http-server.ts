import { getRequestListener } from '@hono/node-server'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '#std/clock.ts'
import type { Log } from '#std/log.ts'
import { AllowedHosts } from './allowed-hosts.ts'
import { listenError } from './http-error.ts'
import { refuseUpgrade, upgradeProblem } from './upgrade.ts'

/** Headers of a slow or silent client. */
const headersTimeoutMs = 10_000
/** A whole request; the largest body has 64 KiB. */
const requestTimeoutMs = 30_000
const keepAliveTimeoutMs = 5_000
/** 200 subscribers, a browser's six each, and scrapers; beyond it, connections are closed unread. */
const connectionsMax = 2_000
/** What is still being answered when the server stops. */
const closeGraceMs = 1_000

export interface HttpServerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly app: { fetch(request: Request): Response | Promise<Response> }
  /** Names besides the loopback ones under which a WebSocket may be asked for. */
  readonly allowedHosts: readonly string[]
  /** Takes over a connection that asks for `/ws/detections`; it is not this server's any more. */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly clock: Clock
  readonly log: Log
}

export interface HttpServer extends AsyncDisposable {
  /** The one that was bound. */
  readonly port: number
}

/**
 * Resolves when it listens; throws HttpServerError. Disposing frees the port at once and resolves when every
 * connection that was not upgraded is gone, after a second at most.
 */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { app, log, clock } = options
  const hosts = new AllowedHosts(options.allowedHosts)
  // It replaces the global Request by its own, without which hono's body limit cannot read a request that has no length.
  const answer = getRequestListener((request) => app.fetch(request))
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // Offers of other protocols (h2c) are ignored, as RFC 9110 section 7.8 allows.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    (request, response) => void answer(request, response),
  )
  server.maxConnections = connectionsMax
  const open = new Set<Socket>()
  let onAllClosed: (() => void) | null = null
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => forget(socket))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', (error) => log.debug('connection failed', { reason: error.message }))
    const problem = upgradeProblem(request, hosts)
    if (problem !== null) return refuseUpgrade(socket, problem)
    forget(request.socket)
    options.onUpgrade(request, socket, head)
  })
  await listen(server, options)
  // Out of file descriptors, say: the connection is lost, the server goes on.
  server.on('error', (error) => log.error('cannot accept', { reason: error.message }))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : options.port
  let disposal: Promise<void> | null = null
  return { port, [Symbol.asyncDispose]: () => (disposal ??= dispose()) }

  function forget(socket: Socket): void {
    open.delete(socket)
    if (open.size === 0) onAllClosed?.()
  }

  async function dispose(): Promise<void> {
    // Its callback waits for upgraded connections too, which somebody else ends later.
    server.close()
    server.closeIdleConnections()
    if (open.size > 0)
      await new Promise<void>((resolve) => {
        const timer = clock.after(closeGraceMs, resolve)
        onAllClosed = () => {
          timer[Symbol.dispose]()
          resolve()
        }
      })
    for (const socket of open) socket.destroy()
  }
}

function listen(
  server: Server,
  at: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(listenError(error, at))
    server.once('error', onError)
    server.listen({ host: at.host, port: at.port }, () => {
      server.removeListener('error', onError)
      resolve()
    })
  })
}
