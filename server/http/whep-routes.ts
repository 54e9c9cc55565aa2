import { Hono } from 'hono'
import type { Relay } from '../relay/relay.ts'
import type { AllowedHosts } from './allowed-hosts.ts'
import { mediaTypeOf } from './media-type.ts'
import { methodNotAllowed } from './method-not-allowed.ts'
import { problemOf, problemResponse } from './problem.ts'

const sdp = 'application/sdp'
const noTrickle =
  'there is no trickle ICE and no ICE restart here: the answer holds all candidates; start a new session instead'

/** WebRTC viewers: `POST /whep/:camera`, `DELETE /whep/:camera/:session` (draft-ietf-wish-whep). */
export function whepRoutes(relay: Pick<Relay, 'watch' | 'unwatch'>, hosts: AllowedHosts): Hono {
  const app = new Hono()
  // Players on other ports of this machine's names may watch; the origin itself was checked for every request.
  app.use(async (c, next) => {
    await next()
    c.res.headers.set('cache-control', 'no-store')
    c.res.headers.append('vary', 'Origin')
    const origin = c.req.header('origin')
    if (origin === undefined || !hosts.allowsOrigin(origin)) return
    c.res.headers.set('access-control-allow-origin', origin)
    c.res.headers.set('access-control-expose-headers', 'Location')
  })

  app.post('/:camera', async (c) => {
    if (mediaTypeOf(c.req.header('content-type')) !== sdp)
      return problemResponse(problemOf('unsupported_media_type', `send the offer as ${sdp}`), {
        'accept-post': sdp,
      })
    const camera = c.req.param('camera')
    const { sessionId, answerSdp } = await relay.watch(camera, await c.req.text())
    const location = `/whep/${encodeURIComponent(camera)}/${encodeURIComponent(sessionId)}`
    return c.body(answerSdp, 201, { 'content-type': sdp, location })
  })
  app.delete('/:camera/:session', (c) =>
    relay.unwatch(c.req.param('session'))
      ? c.body(null, 200)
      : problemResponse(problemOf('unknown_session', 'there is no such session (any more)')),
  )
  app.options('/:camera', (c) => c.body(null, 204, { ...preflight('POST'), 'accept-post': sdp }))
  app.options('/:camera/:session', (c) => c.body(null, 204, preflight('DELETE')))
  app.patch('/:camera/:session', methodNotAllowed('DELETE, OPTIONS', noTrickle))
  app.all('/:camera', methodNotAllowed('POST, OPTIONS'))
  app.all('/:camera/:session', methodNotAllowed('DELETE, OPTIONS'))
  return app
}

function preflight(method: string): Record<string, string> {
  return {
    allow: `${method}, OPTIONS`,
    'access-control-allow-methods': `${method}, OPTIONS`,
    'access-control-allow-headers': 'Content-Type',
    'access-control-max-age': '600',
  }
}
