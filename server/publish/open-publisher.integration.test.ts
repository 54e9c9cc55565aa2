import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { serverMessageSchema, type ServerMessage } from '#protocol/messages.ts'
import { jsonSubprotocol } from '#protocol/version.ts'
import type { Clock } from '#std/clock.ts'
import { systemClock } from '#std/clock.ts'
import { FakeClock } from '#std/fake-clock.ts'
import { silentLog } from '#std/log.ts'
import { shortOf } from './fake-socket.ts'
import { openPublisher, type WebSocketPublisher } from './open-publisher.ts'
import { sampleResult } from './sample-result.ts'

const result = sampleResult({ boxes: 30 })

test('a real client gets hello, its results and answers, as text with the subprotocol', async () => {
  await using served = await serve(systemClock)
  const a = served.publisher.addCamera('a')
  const client = await served.join({ protocols: [jsonSubprotocol, 'ticket.abc'] })
  assert.equal(client.ws.protocol, jsonSubprotocol)
  client.says({ type: 'subscribe', cameras: ['a'] })
  client.says({ type: 'ping', id: 1, sentAtMs: 5 })
  await client.until('pong')
  a.publish(result)
  a.publish(result)
  await client.until('a 2')
  assert.deepEqual(client.shorts, ['hello', 'pong', 'a 1', 'a 2'])
  const last = client.messages.at(-1)
  assert.ok(last?.type === 'detections')
  assert.deepEqual(last.objects, result.objects)
})

test('a client that asks for no subprotocol gets the default one; one that asks for others gets 400', async () => {
  await using served = await serve(systemClock)
  const plain = await served.join({ protocols: [] })
  await plain.until('hello')
  const other = new WebSocket(served.url, ['mqtt'])
  const [, response] = await once(other, 'unexpected-response')
  assert.equal(response.statusCode, 400)
  other.on('error', () => {})
  other.terminate()
})

test('results are never compressed, whatever the client offers', async () => {
  await using served = await serve(systemClock)
  const client = await served.join({ protocols: [], perMessageDeflate: true })
  assert.equal(client.ws.extensions, '')
})

test('a message over 16 KiB closes with 1009', async () => {
  await using served = await serve(systemClock)
  const client = await served.join({ protocols: [] })
  client.ws.send(' '.repeat(16 * 1024 + 1))
  const [code] = await once(client.ws, 'close')
  assert.equal(code, 1009)
})

test('a client that stops reading is written at most 64 KiB more, delays nobody, and resumes with a gap', async () => {
  const clock = new FakeClock()
  await using served = await serve(clock)
  const a = served.publisher.addCamera('a')
  const stalled = await served.join({ protocols: [] })
  const healthy = await served.join({ protocols: [] })
  for (const client of [stalled, healthy]) {
    client.says({ type: 'subscribe', cameras: ['a'] })
    client.says({ type: 'ping', id: 1, sentAtMs: 0 })
    await client.until('pong')
  }
  let seq = 0
  const publishFor = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += 66) {
      clock.advance(66)
      a.publish(result)
      await healthy.until(`a ${++seq}`)
      await healthy.pongsAreBack()
    }
  }
  await publishFor(500)
  await stalled.pongsAreBack()
  stalled.ws.pause()
  // The first ping behind the stall goes out within 250 ms and is late 500 ms after.
  await publishFor(800)
  const before = served.publisher.stats()
  await publishFor(6_600)
  const after = served.publisher.stats()
  const healthyBytes = 100 * Buffer.byteLength(JSON.stringify(healthy.messages.at(-1)))
  assert.ok(after.bytes - before.bytes - healthyBytes <= 64 * 1024 + 100 * 10)
  assert.ok(after.conflated > 0)
  assert.equal(after.evicted, 0)

  stalled.ws.resume()
  await stalled.pongsAreBack()
  for (let i = 0; i < 20 && !stalled.shorts.includes(`a ${seq}`); i++) {
    clock.advance(33)
    await stalled.pongsAreBack()
  }
  await stalled.until(`a ${seq}`)
  assert.match(stalled.shorts.findLast((short) => short.startsWith('gap')) ?? '', /conflated$/)
  await publishFor(66)
  await stalled.until(`a ${seq}`)
})

test('disposing closes with 1001 and waits for no client that does not answer', async () => {
  const served = await serve(systemClock)
  const client = await served.join({ protocols: [] })
  const silent = await served.join({ protocols: [] })
  silent.ws.pause()
  const closed = once(client.ws, 'close')
  await served[Symbol.asyncDispose]()
  assert.deepEqual((await closed)[0], 1001)
})

interface Served extends AsyncDisposable {
  readonly publisher: WebSocketPublisher
  readonly url: string
  join(options: {
    readonly protocols: string[]
    readonly perMessageDeflate?: boolean
  }): Promise<Client>
}

interface Client {
  readonly ws: WebSocket
  readonly messages: ServerMessage[]
  readonly shorts: string[]
  says(message: object): void
  until(short: string): Promise<void>
  /** The server has seen our pongs to all it had sent. */
  pongsAreBack(): Promise<void>
}

async function serve(clock: Clock): Promise<Served> {
  const publisher = openPublisher({
    clock,
    log: silentLog,
    serverVersion: '1.2.3',
    bootId: 'boot',
  })
  const http: Server = createServer()
  http.on('upgrade', (request, socket, head) => publisher.accept(request, socket, head))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  const url = `ws://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/ws/detections`
  const clients: WebSocket[] = []
  return {
    publisher,
    url,
    async join({ protocols, perMessageDeflate = false }) {
      const ws = new WebSocket(url, protocols, { perMessageDeflate })
      clients.push(ws)
      const client = clientOf(ws)
      await once(ws, 'open')
      await client.until('hello')
      return client
    },
    async [Symbol.asyncDispose]() {
      const disposed = publisher[Symbol.asyncDispose]()
      if (clock instanceof FakeClock) clock.advance(3_000)
      await disposed
      for (const ws of clients) ws.terminate()
      http.close()
    },
  }
}

function clientOf(ws: WebSocket): Client {
  const messages: ServerMessage[] = []
  const shorts: string[] = []
  ws.on('error', () => {})
  ws.on('message', (data, isBinary) => {
    assert.ok(!isBinary && Buffer.isBuffer(data))
    const message = serverMessageSchema.parse(JSON.parse(data.toString()))
    messages.push(message)
    shorts.push(shortOf(message))
  })
  const says = (message: object): void => ws.send(JSON.stringify(message))
  const until = (short: string): Promise<void> => waitFor(() => shorts.includes(short), short)
  return {
    ws,
    messages,
    shorts,
    says,
    until,
    async pongsAreBack() {
      // The first answer comes behind the server's pings, the second says that it has read our pongs.
      for (let i = 0; i < 2; i++) {
        const answered = once(ws, 'pong')
        ws.ping()
        await answered
      }
    },
  }
}

async function waitFor(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 2_000 && !condition(); i++)
    await new Promise((resolve) => setTimeout(resolve, i < 50 ? 0 : 5))
  assert.ok(condition(), `${what} did not come within 10 s`)
}
