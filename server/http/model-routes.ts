import { Hono } from 'hono'
import { methodNotAllowed } from './method-not-allowed.ts'
import type { ApiPorts } from './ports.ts'

/** `/api/models`, and `/api/models/:name/activate`: 202 while it takes longer than an answer waits. */
export function modelRoutes(models: ApiPorts['models']): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.res.headers.set('cache-control', 'no-store')
  })
  app.get('/models', async (c) => c.json(await models.list()))
  app.all('/models', methodNotAllowed('GET, HEAD'))
  app.post('/models/:name/activate', async (c) => {
    const activation = await models.activate(c.req.param('name'))
    return c.json(activation, activation.changed && activation.swap !== null ? 202 : 200)
  })
  app.all('/models/:name/activate', methodNotAllowed('POST'))
  return app
}
