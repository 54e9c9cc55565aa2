import { type Context, Hono } from 'hono'
import { cameraConfigSchema, type CameraConfig } from '#config/camera.ts'
import { redactSecrets } from '#std/redact.ts'
import type { z } from 'zod'
import { mediaTypeOf } from './media-type.ts'
import { methodNotAllowed } from './method-not-allowed.ts'
import type { CameraDirectory } from './ports.ts'
import { problemOf, problemResponse } from './problem.ts'

/** More than these are not told at once. */
const errorsMax = 20

/** `/api/cameras` and `/api/cameras/:id`. */
export function cameraRoutes(cameras: CameraDirectory): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.res.headers.set('cache-control', 'no-store')
  })
  app.get('/cameras', (c) => c.json(cameras.list()))
  app.post('/cameras', async (c) => {
    const config = await readConfig(c)
    if (config instanceof Response) return config
    const camera = cameras.create(config)
    return c.json(camera, 201, { location: `/api/cameras/${camera.id}` })
  })
  app.all('/cameras', methodNotAllowed('GET, HEAD, POST'))

  app.get('/cameras/:id', (c) => {
    const id = c.req.param('id')
    const camera = cameras.get(id)
    return camera === null
      ? problemResponse(problemOf('not_found', `there is no camera “${id}”`))
      : c.json(camera)
  })
  app.delete('/cameras/:id', async (c) => {
    await cameras.remove(c.req.param('id'))
    return c.body(null, 204)
  })
  app.all('/cameras/:id', methodNotAllowed('GET, HEAD, DELETE'))
  return app
}

/** A body of another type is refused: a page elsewhere could send `text/plain` without asking (CORS). */
async function readConfig(c: Context): Promise<CameraConfig | Response> {
  if (mediaTypeOf(c.req.header('content-type')) !== 'application/json')
    return problemResponse(problemOf('unsupported_media_type', 'send a camera as application/json'))
  let body: unknown
  try {
    body = JSON.parse(await c.req.text())
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return problemResponse(problemOf('malformed_json', 'the body is not JSON'))
  }
  const result = cameraConfigSchema.safeParse(body)
  return result.success ? result.data : invalid(result.error)
}

function invalid(error: z.ZodError): Response {
  const errors = error.issues.slice(0, errorsMax).flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return [{ path: issue.path.join('.'), message: redactSecrets(issue.message) }]
    return issue.keys.map((key) => ({
      path: redactSecrets([...issue.path, key].join('.')),
      message: 'unknown key',
    }))
  })
  const first = errors[0]
  const detail =
    first === undefined ? 'the camera is not valid' : `${first.path || 'body'}: ${first.message}`
  return problemResponse(problemOf('invalid', detail, errors.slice(0, errorsMax)))
}
