import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cameraViewSchema, problemSchema, readinessSchema, systemSchema } from '#protocol/api.ts'
import { sloSchema } from '#protocol/slo.ts'
import { appOf, readiness, system } from './fake-app.ts'

const json = { 'content-type': 'application/json' }
const sdp = { 'content-type': 'application/sdp' }

test('a camera is created, listed, shown and removed', async () => {
  const app = appOf()
  const body = JSON.stringify({ id: 'gate', url: 'rtsp://admin:geheim@10.0.0.2/1' })
  const created = await app.request('/api/cameras', { method: 'POST', headers: json, body })
  assert.equal(created.status, 201)
  assert.equal(created.headers.get('location'), '/api/cameras/gate')
  const text = await created.text()
  assert.ok(!text.includes('geheim'))
  const camera = cameraViewSchema.parse(JSON.parse(text))
  assert.equal(camera.persisted, false)
  assert.equal(camera.detectFps, 10)

  const list = cameraViewSchema.array().parse(await (await app.request('/api/cameras')).json())
  assert.deepEqual(list, [camera])
  assert.deepEqual(await (await app.request('/api/cameras/gate')).json(), camera)
  const removed = await app.request('/api/cameras/gate', { method: 'DELETE' })
  assert.equal(removed.status, 204)
  assert.equal((await app.request('/api/cameras/gate')).status, 404)
})

const post = (body: string, headers: Record<string, string> = json): RequestInit => ({
  method: 'POST',
  headers,
  body,
})
const camera = (fields: object): RequestInit =>
  post(JSON.stringify({ id: 'b', url: 'rtsp://h/1', ...fields }))
const foreign = { origin: 'https://evil.example' }

const refusals: readonly [
  title: string,
  path: string,
  request: RequestInit,
  status: number,
  code: string,
][] = [
  ['an unknown path', '/api/nothing', {}, 404, 'not_found'],
  ['an unknown camera', '/api/cameras/none', {}, 404, 'not_found'],
  ['removing an unknown camera', '/api/cameras/none', { method: 'DELETE' }, 404, 'not_found'],
  [
    'removing a camera of the file',
    '/api/cameras/fixed',
    { method: 'DELETE' },
    409,
    'camera_managed_by_file',
  ],
  ['a second camera of one id', '/api/cameras', camera({ id: 'fixed' }), 409, 'camera_exists'],
  ['a camera too many', '/api/cameras', camera({ id: 'full' }), 409, 'too_many_cameras'],
  ['a body that is not JSON', '/api/cameras', post('{'), 400, 'malformed_json'],
  ['an empty body', '/api/cameras', post(''), 400, 'malformed_json'],
  ['JSON as plain text', '/api/cameras', post('{}', {}), 415, 'unsupported_media_type'],
  ['a large body', '/api/cameras', post(' '.repeat(65_537)), 413, 'body_too_large'],
  ['a large offer', '/whep/fixed', post('v'.repeat(65_537), sdp), 413, 'body_too_large'],
  ['an unknown key', '/api/cameras', camera({ urll: 1 }), 422, 'invalid'],
  ['a bad id', '/api/cameras', camera({ id: 'A b' }), 422, 'invalid'],
  ['a file address', '/api/cameras', camera({ url: 'file:///etc/passwd' }), 422, 'invalid'],
  ['a list for a camera', '/api/cameras', post('[]'), 422, 'invalid'],
  ['PUT on the list', '/api/cameras', { method: 'PUT' }, 405, 'method_not_allowed'],
  ['POST on a camera', '/api/cameras/fixed', post('{}'), 405, 'method_not_allowed'],
  ['POST on a health check', '/livez', { method: 'POST' }, 405, 'method_not_allowed'],
  ['GET on WHEP', '/whep/fixed', {}, 405, 'method_not_allowed'],
  ['trickle ICE', '/whep/fixed/s1', { method: 'PATCH' }, 405, 'method_not_allowed'],
  ['an offer as JSON', '/whep/fixed', post('{}'), 415, 'unsupported_media_type'],
  ['ending an unknown session', '/whep/fixed/s9', { method: 'DELETE' }, 404, 'unknown_session'],
  ['the socket without upgrade', '/ws/detections', {}, 426, 'upgrade_required'],
  ['another Host', '/api/cameras', { headers: { host: 'evil.example' } }, 421, 'host_not_allowed'],
  ['another Host for a page', '/', { headers: { host: '10.0.0.1:8080' } }, 421, 'host_not_allowed'],
  [
    'a write from a foreign page',
    '/api/cameras/fixed',
    { method: 'DELETE', headers: foreign },
    403,
    'origin_not_allowed',
  ],
  [
    'a foreign preflight',
    '/whep/fixed',
    { method: 'OPTIONS', headers: foreign },
    403,
    'origin_not_allowed',
  ],
  ['a failure of ours', '/metrics', {}, 500, 'internal'],
]
for (const [title, path, request, status, code] of refusals)
  test(`${title} is answered ${status} ${code} as problem details`, async () => {
    const response = await appOf({
      metrics: {
        contentType: 'text/plain',
        text: () => Promise.reject(new Error('rtsp://u:geheim@h/ broke')),
      },
    }).request(path, request)
    assert.equal(response.status, status)
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    const text = await response.text()
    assert.ok(!text.includes('geheim'))
    const problem = problemSchema.parse(JSON.parse(text))
    assert.equal(problem.code, code)
    assert.equal(problem.status, status)
    assert.ok(problem.detail.length > 10, problem.detail)
    if (status === 405) assert.match(response.headers.get('allow') ?? '', /^[A-Z]+(, [A-Z]+)*$/)
  })

test('what is invalid is named with its path, without the password', async () => {
  const body = JSON.stringify({
    id: 'b',
    url: 'htp://admin:geheim@host/1',
    detectFps: -1,
    colour: 'red',
  })
  const response = await appOf().request('/api/cameras', post(body))
  const text = await response.text()
  assert.ok(!text.includes('geheim'))
  const problem = problemSchema.parse(JSON.parse(text))
  assert.deepEqual(problem.errors?.map(({ path }) => path).sort(), ['colour', 'detectFps', 'url'])
})

test('a chunked body is limited too', async () => {
  const chunk = new TextEncoder().encode(' '.repeat(10_000))
  let left = 100
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(chunk)
      else controller.close()
    },
  })
  const request = new Request('http://127.0.0.1/api/cameras', {
    method: 'POST',
    headers: json,
    body,
    duplex: 'half',
  })
  assert.equal((await appOf().request(request)).status, 413)
  assert.ok(left > 80, 'it is not read to its end')
})

test('health says whether the server lives and can serve, and why not', async () => {
  assert.equal((await appOf().request('/livez')).status, 200)
  assert.equal((await appOf().request('/readyz')).status, 200)
  const reasons = [{ code: 'relay_restarting', message: 'the relay restarts' }]
  const response = await appOf({
    readiness: () => ({ ...readiness, ready: false, reasons }),
  }).request('/readyz')
  assert.equal(response.status, 503)
  assert.deepEqual(readinessSchema.parse(await response.json()).reasons, reasons)
})

test('the objectives come as JSON of their schema', async () => {
  const slo = sloSchema.parse(await (await appOf().request('/api/slo')).json())
  assert.equal(slo.summary, 'There are no cameras.')
})

test('metrics come as Prometheus text and the system as JSON, never cached', async () => {
  const metrics = await appOf().request('/metrics')
  assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(await metrics.text(), 'up 1\n')
  const answer = await appOf().request('/api/system')
  assert.deepEqual(systemSchema.parse(await answer.json()), system)
  for (const path of ['/metrics', '/api/system', '/api/slo', '/livez', '/api/cameras'])
    assert.equal((await appOf().request(path)).headers.get('cache-control'), 'no-store', path)
})
