import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientMessageSchema, type ClientMessage } from '#protocol/messages.ts'
import { parseJson } from '#protocol/parse.ts'
import { FakeClock } from '../fake-clock.ts'
import { fakeDetections } from './fake-detections.ts'
import { DetectionSocket, type OpenSocket } from './socket.ts'

type Handlers = Parameters<OpenSocket>[1]

class FakeServer {
  readonly clock = new FakeClock()
  readonly statuses: string[] = []
  readonly heard: string[] = []
  readonly sent: ClientMessage[] = []
  readonly ports: Handlers[] = []
  closed = 0
  bufferedAmount = 0
  readonly socket = new DetectionSocket({
    clock: this.clock,
    random: () => 0.5,
    openSocket: (_subprotocol, on) => this.#open(on),
    listener: {
      onStatus: (status) => this.statuses.push(status.kind),
      onHello: ({ restarted }) => this.heard.push(restarted ? 'hello again' : 'hello'),
      onDetections: ({ seq }) => this.heard.push(`detections ${seq}`),
      onCamera: ({ camera, state }) => this.heard.push(`${camera} ${state}`),
      onExchange: ({ serverAtMs }) => this.heard.push(`server at ${serverAtMs}`),
    },
  })

  get port(): Handlers {
    const port = this.ports.at(-1)
    assert.ok(port !== undefined)
    return port
  }

  accept(bootId = 'boot-1'): void {
    this.port.open()
    this.say({
      type: 'hello',
      protocol: 1,
      server: { name: 'sightline', version: '0', bootId },
      heartbeatMs: 15_000,
      cameras: ['gate'],
    })
  }

  say(message: unknown): void {
    this.port.message(JSON.stringify(message))
  }

  /** Of one kind, since the start. */
  sentOf(type: ClientMessage['type']): ClientMessage[] {
    return this.sent.filter((message) => message.type === type)
  }

  #open(on: Handlers): ReturnType<OpenSocket> {
    this.ports.push(on)
    const port = {
      send: (text: string) => {
        const parsed = parseJson(clientMessageSchema, text)
        assert.ok(parsed.ok, `the server would refuse ${text}`)
        this.sent.push(parsed.value)
      },
      close: () => void this.closed++,
    }
    return Object.defineProperty({ ...port, bufferedAmount: 0 }, 'bufferedAmount', {
      get: () => this.bufferedAmount,
    })
  }
}

test('a server that is not there is tried with growing delays, 5 s at most', async () => {
  const server = new FakeServer()
  server.socket.connect()
  const triesAtMs: number[] = []
  for (let i = 0; i < 8; i++) {
    const before = server.ports.length
    server.port.close()
    const fromMs = server.clock.nowMs()
    while (server.ports.length === before) await server.clock.advance(50)
    triesAtMs.push(server.clock.nowMs() - fromMs)
  }
  assert.deepEqual(triesAtMs, [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000])
})

test('a try that neither opens nor fails is given up after 5 s', async () => {
  const server = new FakeServer()
  server.socket.connect()
  await server.clock.advance(5_300)
  assert.deepEqual(server.statuses, ['connecting', 'waiting', 'connecting'])
  assert.equal(server.closed, 1)
})

test('an open connection that says nothing more is given up after 11 s', async () => {
  const server = new FakeServer()
  server.socket.connect()
  server.accept()
  await server.clock.advance(10_000)
  assert.equal(server.statuses.at(-1), 'open')
  await server.clock.advance(2_100)
  assert.equal(server.ports.length, 2)
})

test('what a connection that was given up still says is not heard', async () => {
  const server = new FakeServer()
  server.socket.connect()
  server.accept()
  const old = server.port
  await server.clock.advance(12_500)
  old.message(JSON.stringify(fakeDetections(0)))
  old.close()
  assert.deepEqual(server.heard, ['hello'])
  assert.equal(server.ports.length, 2)
})

test('awake again, it does not wait out its delay, nor opens a second connection', async () => {
  const server = new FakeServer()
  server.socket.connect()
  server.socket.wake()
  assert.equal(server.ports.length, 1)
  server.port.close()
  server.socket.wake()
  assert.equal(server.ports.length, 2)
  await server.clock.advance(1_000)
  assert.equal(server.ports.length, 2)
})

test('it subscribes to all cameras, and after a loss resumes where it was', async () => {
  const server = new FakeServer()
  server.socket.connect()
  server.accept()
  server.say(fakeDetections(0, { seq: 7 }))
  server.port.close()
  await server.clock.advance(300)
  server.accept()
  assert.deepEqual(server.sentOf('subscribe'), [
    { type: 'subscribe', cameras: ['*'] },
    {
      type: 'subscribe',
      cameras: ['*'],
      resume: { bootId: 'boot-1', cameras: { gate: 7 } },
    },
  ])
  server.say(fakeDetections(0, { seq: 7 }))
  server.say(fakeDetections(3_000, { seq: 8 }))
  assert.deepEqual(server.heard, ['hello', 'detections 7', 'hello', 'detections 8'])
})

test('another server process is said to be one', async () => {
  const server = new FakeServer()
  server.socket.connect()
  server.accept('boot-1')
  server.port.close()
  await server.clock.advance(300)
  server.accept('boot-2')
  assert.deepEqual(server.heard, ['hello', 'hello again'])
})

test('messages that do not fit the protocol are counted and left out', () => {
  const server = new FakeServer()
  server.socket.connect()
  server.accept()
  for (const text of ['{', '{"type":"detections"}', '[]', '{"type":"tomorrow"}'])
    server.port.message(text)
  assert.equal(server.socket.unparsed, 4)
  assert.deepEqual(server.heard, ['hello'])
})

test('a complaint of the server is kept for support', () => {
  const server = new FakeServer()
  server.socket.connect()
  server.accept()
  server.say({ type: 'error', code: 'rate_limited', message: 'at most 20 a second' })
  assert.equal(server.socket.lastError, 'rate_limited: at most 20 a second')
})

test('pings: three at once, then one every 5 s, answered with both clocks', async () => {
  const server = new FakeServer()
  server.socket.connect()
  server.accept()
  await server.clock.advance(700)
  assert.equal(server.sentOf('ping').length, 3)
  server.say({ type: 'pong', id: 3, sentAtMs: 1_600, serverAtMs: 99 })
  await server.clock.advance(4_400)
  assert.equal(server.sentOf('ping').length, 4)
  assert.equal(server.heard.at(-1), 'server at 99')
})

test('nothing is sent without a connection, or into one that is behind', () => {
  const server = new FakeServer()
  const ping: ClientMessage = { type: 'ping', id: 1, sentAtMs: 0 }
  server.socket.connect()
  assert.equal(server.socket.send(ping), false)
  server.accept()
  assert.equal(server.socket.send(ping), true)
  server.bufferedAmount = 65_537
  assert.equal(server.socket.send(ping), false)
})

test('closed, it leaves no timer behind and stays closed', async () => {
  const server = new FakeServer()
  server.socket.connect()
  server.accept()
  server.socket.close()
  server.port.close()
  server.socket.wake()
  await server.clock.advance(60_000)
  assert.equal(server.ports.length, 1)
  assert.equal(server.clock.pendingCount, 0)
})
