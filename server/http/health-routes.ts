import { Hono } from 'hono'
import { methodNotAllowed } from './method-not-allowed.ts'
import type { ApiPorts } from './ports.ts'

/** `/livez`: the process answers. `/readyz`: it can serve, or why not. `/metrics`, `/api/system`, `/api/slo`. */
export function healthRoutes(
  ports: Pick<ApiPorts, 'readiness' | 'system' | 'slo' | 'metrics'>,
): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
  })
  app.get('/livez', (c) => c.json({ live: true }))
  app.get('/readyz', (c) => {
    const readiness = ports.readiness()
    return c.json(readiness, readiness.ready ? 200 : 503)
  })
  app.get('/metrics', async (c) =>
    c.body(await ports.metrics.text(), 200, { 'content-type': ports.metrics.contentType }),
  )
  app.get('/api/system', (c) => c.json(ports.system()))
  app.get('/api/slo', (c) => c.json(ports.slo()))
  for (const path of ['/livez', '/readyz', '/metrics', '/api/system', '/api/slo'])
    app.all(path, methodNotAllowed('GET, HEAD'))
  return app
}
