import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '#std/clock.ts'
import { silentLog } from '#std/log.ts'
import { appOf } from './fake-app.ts'
import { HttpServerError } from './http-error.ts'
import { type HttpServer, openHttpServer } from './open-http-server.ts'

test('a port in use is refused with a sentence that says what to do', async () => {
  await using first = await open()
  await assert.rejects(open({ port: first.port }), (error) => {
    assert.ok(error instanceof HttpServerError)
    assert.equal(error.code, 'port_in_use')
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${first.port} is in use`))
    return true
  })
})

test('an address of another machine is refused', async () => {
  // TEST-NET-1 of RFC 5737: nobody's address.
  await assert.rejects(open({ host: '192.0.2.1' }), { code: 'address_not_available' })
})

test('requests reach the app, and a foreign Host does not', async () => {
  await using server = await open()
  assert.equal((await request(server, { host: `localhost:${server.port}` })).statusCode, 200)
  assert.equal((await request(server, { host: 'evil.example' })).statusCode, 421)
})

test('a request without a body, or without its length, is answered like any other', async () => {
  await using server = await open()
  const url = `http://127.0.0.1:${server.port}`
  const removed = await fetch(`${url}/api/cameras/nobody`, { method: 'DELETE' })
  assert.notEqual(removed.status, 500)
  assert.equal((await fetch(`${url}/api/cameras`, { method: 'PUT' })).status, 405)
  const body = '{"id": "x"}'
  const chunked = await exchange(
    server,
    `POST /api/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  )
  assert.match(chunked, /^HTTP\/1\.1 422 /)
})

const refusals: readonly [string, string, number][] = [
  ['a foreign Host', 'GET /ws/detections HTTP/1.1\r\nHost: evil.example', 421],
  [
    'a foreign Origin',
    'GET /ws/detections HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example',
    403,
  ],
  ['another path', 'GET /ws/other HTTP/1.1\r\nHost: 127.0.0.1', 404],
]
for (const [title, head, status] of refusals)
  test(`an upgrade from ${title} is answered ${status} and closed`, async () => {
    let upgrades = 0
    await using server = await open({ onUpgrade: () => upgrades++ })
    const text = await exchange(server, `${head}\r\n${upgradeHeaders}\r\n\r\n`)
    assert.match(text, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.match(text, /application\/problem\+json/)
    assert.equal(upgrades, 0)
  })

test('an upgrade of the right path from this origin is handed over', async () => {
  await using server = await open({
    onUpgrade: (incoming, socket) => socket.end(`taken ${incoming.url}`),
  })
  const text = await exchange(
    server,
    `GET /ws/detections?x=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://localhost:1\r\n${upgradeHeaders}\r\n\r\n`,
  )
  assert.equal(text, 'taken /ws/detections?x=1')
})

test('an offer of another protocol is ignored and the request answered', async () => {
  await using server = await open()
  const text = await exchange(
    server,
    'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n',
  )
  assert.match(text, /^HTTP\/1\.1 200 /)
})

test('disposing frees the port, ends kept-alive connections and waits for no upgraded one', async () => {
  const upgraded: { destroy(): unknown }[] = []
  const server = await open({ onUpgrade: (_, socket) => upgraded.push(socket) })
  const upgradedClient = dial(server)
  upgradedClient.write(
    `GET /ws/detections HTTP/1.1\r\nHost: 127.0.0.1\r\n${upgradeHeaders}\r\n\r\n`,
  )
  // Its request never ends.
  const slow = dial(server)
  slow.write('POST /api/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n')
  const idle = dial(server)
  idle.write('GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  // Connections are accepted in their order: with this answer the slow one is there, too.
  await once(idle, 'data')
  await waitFor(() => upgraded.length === 1)
  const closed = Promise.all([closeOf(idle), closeOf(slow)])
  await Promise.all([server[Symbol.asyncDispose](), server[Symbol.asyncDispose]()])
  await closed
  assert.equal(upgradedClient.destroyed, false)
  await using again = await open({ port: server.port })
  assert.equal(again.port, server.port)
  for (const socket of upgraded) socket.destroy()
  upgradedClient.destroy()
})

const upgradeHeaders =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='

function open(options: Partial<Parameters<typeof openHttpServer>[0]> = {}): Promise<HttpServer> {
  return openHttpServer({
    host: '127.0.0.1',
    port: 0,
    app: appOf(),
    allowedHosts: [],
    onUpgrade: (_, socket) => socket.destroy(),
    clock: systemClock,
    log: silentLog,
    ...options,
  })
}

function dial(server: HttpServer): Socket {
  const socket = connect(server.port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  return socket
}

function closeOf(socket: Socket): Promise<void> {
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

/** Sends a request and resolves with all that comes back until the server closes. */
async function exchange(server: HttpServer, text: string): Promise<string> {
  const socket = dial(server)
  let received = ''
  socket.on('data', (data: Buffer) => (received += data.toString()))
  socket.write(text)
  await closeOf(socket)
  return received
}

async function request(
  server: HttpServer,
  headers: Record<string, string>,
): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(
      { host: '127.0.0.1', port: server.port, path: '/livez', headers, agent: false },
      resolve,
    ).on('error', reject)
  })
  response.resume()
  return response
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition(), 'it did not happen within 5 s')
}
