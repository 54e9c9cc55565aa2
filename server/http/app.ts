import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { CodedError, messageOf } from '#std/coded-error.ts'
import type { Log } from '#std/log.ts'
import { AllowedHosts } from './allowed-hosts.ts'
import { cameraRoutes } from './camera-routes.ts'
import { healthRoutes } from './health-routes.ts'
import type { ApiPorts } from './ports.ts'
import { modelRoutes } from './model-routes.ts'
import { isProblemCode, problemOf, problemResponse } from './problem.ts'
import { securityHeaders } from './security-headers.ts'
import { readStaticFile } from './static-file.ts'
import { whepRoutes } from './whep-routes.ts'

/** No request of this API is larger: an offer has a few kB. */
const bodyBytesMax = 64 * 1024

export interface AppOptions {
  readonly ports: ApiPorts
  /** Names besides the loopback ones under which the server may be reached. */
  readonly allowedHosts: readonly string[]
  /** The built client. */
  readonly staticDir: string
  readonly log: Log
}

/** REST, WHEP, health, metrics and the built client, as a function from request to response. */
export function createApp(options: AppOptions): Hono {
  const { ports, log } = options
  const hosts = new AllowedHosts(options.allowedHosts)
  const app = new Hono()

  app.use(securityHeaders)
  app.use(async (c, next) => {
    if (!hosts.allowsHost(c.req.header('host') ?? new URL(c.req.url).host))
      return problemResponse(problemOf('host_not_allowed', hostSentence))
    const isRead = c.req.method === 'GET' || c.req.method === 'HEAD'
    if (!isRead && !hosts.allowsOrigin(c.req.header('origin')))
      return problemResponse(problemOf('origin_not_allowed', originSentence))
    return next()
  })
  app.use(
    bodyLimit({
      maxSize: bodyBytesMax,
      onError: () =>
        problemResponse(
          problemOf('body_too_large', `a request body has at most ${bodyBytesMax} bytes`),
        ),
    }),
  )

  app.route('/', healthRoutes(ports))
  app.route('/api', cameraRoutes(ports.cameras))
  app.route('/api', modelRoutes(ports.models))
  app.route('/whep', whepRoutes(ports.relay, hosts))
  app.all('/ws/detections', () =>
    problemResponse(problemOf('upgrade_required', 'this address speaks WebSocket only'), {
      upgrade: 'websocket',
    }),
  )
  app.get('*', async (c, next) => {
    const file = await readStaticFile(options.staticDir, c.req.path)
    return file === null ? next() : new Response(file.body, { headers: file.headers })
  })

  app.notFound((c) => problemResponse(problemOf('not_found', `there is nothing at ${c.req.path}`)))
  app.onError((error) => {
    if (error instanceof CodedError && isProblemCode(error.code)) {
      const retry: Record<string, string> = error.retryable ? { 'retry-after': '1' } : {}
      return problemResponse(problemOf(error.code, error.message), retry)
    }
    log.error('request failed', { reason: messageOf(error) })
    return problemResponse(problemOf('internal', 'the server failed at this request; see its log'))
  })
  return app
}

export const hostSentence =
  'the Host header is not a name of this server; add it to allowedHosts in the configuration'
export const originSentence = 'a page of this origin may not use this server'
