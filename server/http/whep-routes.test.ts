import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemSchema } from '#protocol/api.ts'
import { RelayError, type RelayCode } from '../relay/relay.ts'
import { appOf } from './fake-app.ts'

const sdp = { 'content-type': 'application/sdp' }
const post = (body: string, headers: Record<string, string>): RequestInit => ({
  method: 'POST',
  headers,
  body,
})

test('an offer is answered with the session’s address, and the session ends by it', async () => {
  const app = appOf()
  const answer = await app.request(
    '/whep/fixed',
    post('v=0', { 'content-type': 'application/sdp; charset=utf-8' }),
  )
  assert.equal(answer.status, 201)
  assert.equal(answer.headers.get('content-type'), 'application/sdp')
  assert.equal(await answer.text(), 'answer to v=0')
  const location = answer.headers.get('location') ?? ''
  assert.equal(location, '/whep/fixed/s1')
  assert.equal((await app.request(location, { method: 'DELETE' })).status, 200)
  assert.equal((await app.request(location, { method: 'DELETE' })).status, 404)
})

const relayStatuses: readonly [RelayCode, number][] = [
  ['unknown_camera', 404],
  ['bad_offer', 400],
  ['no_common_codec', 406],
  ['relay_restarting', 503],
  ['too_many_viewers', 503],
]
for (const [code, status] of relayStatuses)
  test(`the relay’s ${code} is answered ${status}`, async () => {
    const watch = () => Promise.reject(new RelayError(code, 'a sentence', { retryable: true }))
    const app = appOf({ relay: { watch, unwatch: () => false } })
    const response = await app.request('/whep/fixed', post('v=0', sdp))
    assert.equal(response.status, status)
    assert.equal(problemSchema.parse(await response.json()).code, code)
    assert.equal(response.headers.get('retry-after'), '1')
  })

test('a player on another port of this machine may watch: preflight and answer carry CORS', async () => {
  const origin = 'http://localhost:5173'
  const app = appOf()
  const preflight = await app.request('/whep/fixed', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), origin)
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /POST/)
  const answer = await app.request('/whep/fixed', post('v=0', { ...sdp, origin }))
  assert.equal(answer.headers.get('access-control-allow-origin'), origin)
  assert.equal(answer.headers.get('access-control-expose-headers'), 'Location')
  const api = await app.request('/api/cameras', { headers: { origin } })
  assert.equal(api.headers.get('access-control-allow-origin'), null)
})
