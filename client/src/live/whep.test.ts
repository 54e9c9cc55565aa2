import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../fake-clock.ts'
import { openWhep } from './whep.ts'

function whepThat(answers: (url: string, request: RequestInit) => Promise<Response>) {
  const clock = new FakeClock()
  return { clock, whep: openWhep({ clock, fetch: answers }) }
}

const problem = {
  type: 'about:blank',
  title: 'Not Found',
  status: 404,
  detail: 'There is no camera gate.',
  code: 'unknown_camera',
}

const refusals: readonly { name: string; answer: () => Promise<Response>; message: string }[] = [
  {
    name: 'a problem says its detail',
    answer: () => Promise.resolve(Response.json(problem, { status: 404 })),
    message: 'There is no camera gate.',
  },
  {
    name: 'anything else says its status',
    answer: () => Promise.resolve(new Response('<h1>Bad Gateway</h1>', { status: 502 })),
    message: 'The server answered 502.',
  },
  {
    name: 'no network says so',
    answer: () => Promise.reject(new TypeError('Failed to fetch')),
    message: 'The server does not answer.',
  },
]
for (const { name, answer, message } of refusals)
  test(name, async () => {
    const { whep, clock } = whepThat(answer)
    assert.deepEqual(await whep.join('gate', 'offer'), { ok: false, message })
    assert.equal(clock.pendingCount, 0)
  })

test('a server that never answers is given up after 8 s', async () => {
  const { whep, clock } = whepThat(
    (_url, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')))
      }),
  )
  const joining = whep.join('gate', 'offer')
  await clock.advance(8_100)
  assert.deepEqual(await joining, { ok: false, message: 'The server does not answer.' })
})

test('the offer goes out as SDP, the answer comes back with its address', async () => {
  const asked: string[] = []
  const { whep } = whepThat((url, { method, headers, body }) => {
    asked.push(
      `${method} ${url} ${new Headers(headers).get('content-type')} ${typeof body === 'string' ? body : '?'}`,
    )
    const response = new Response('answer', { status: 201, headers: { location: '/whep/gate/7' } })
    return Promise.resolve(response)
  })
  assert.deepEqual(await whep.join('gate', 'offer'), {
    ok: true,
    answerSdp: 'answer',
    resourceUrl: '/whep/gate/7',
  })
  assert.deepEqual(asked, ['POST /whep/gate application/sdp offer'])
})

test('leaving outlives the page, and a failure of it is nobody’s business', async () => {
  const asked: (boolean | undefined)[] = []
  const { whep, clock } = whepThat((_url, { keepalive }) => {
    asked.push(keepalive)
    return Promise.reject(new TypeError('page closed'))
  })
  whep.leave('/whep/gate/7')
  await clock.advance(50)
  assert.deepEqual(asked, [true])
})
