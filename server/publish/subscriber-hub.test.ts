import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openFakeHub } from './fake-hub.ts'
import type { AnnouncedState } from './publisher.ts'
import { sampleResult } from './sample-result.ts'

const live: AnnouncedState = {
  state: 'live',
  code: null,
  reason: null,
  detectFps: 10,
  effectiveFps: 10,
  measuredFps: 30,
  shed: null,
  codec: null,
  relay: 'idle',
}
const result = sampleResult({ boxes: 3 })

test('hello comes first, then the state of each camera of the subscription, then results', async () => {
  const { hub, join, settle } = openFakeHub()
  const a = hub.addCamera('a')
  a.announce(live)
  const client = join()
  await settle()
  assert.deepEqual(client.socket.messages, [
    {
      type: 'hello',
      protocol: 1,
      server: { name: 'sightline', version: '1.2.3', bootId: 'boot-2' },
      heartbeatMs: 15_000,
      cameras: ['a'],
    },
  ])
  a.publish(result)
  client.says({ type: 'subscribe', cameras: ['a'] })
  a.publish(result)
  await settle()
  assert.deepEqual(client.socket.takeShort(), ['hello', 'a live', 'a 2'])
})

test('a microtask queued after publish runs after the write', async () => {
  const { hub, join, settle } = openFakeHub()
  const a = hub.addCamera('a')
  const client = join()
  client.says({ type: 'subscribe', cameras: ['*'] })
  await settle()
  client.socket.take()
  a.publish(result)
  let seen: string[] = []
  queueMicrotask(() => (seen = client.socket.takeShort()))
  await settle()
  assert.deepEqual(seen, ['a 1'])
})

test('a star takes in cameras that come later, and hears them go', async () => {
  const { hub, join, settle } = openFakeHub()
  const client = join()
  client.says({ type: 'subscribe', cameras: ['*'] })
  const a = hub.addCamera('a')
  a.announce(live)
  a.publish(result)
  a[Symbol.dispose]()
  a[Symbol.dispose]()
  a.publish(result)
  a.announce(live)
  const again = hub.addCamera('a')
  again.publish(result)
  await settle()
  assert.deepEqual(client.socket.takeShort(), ['hello', 'a live', 'a 1', 'a removed', 'a 2'])
})

test('filters are per client, and equal ones share one buffer', async () => {
  const { hub, join, settle } = openFakeHub()
  const a = hub.addCamera('a')
  const cars = join()
  cars.says({ type: 'subscribe', cameras: ['a'], classes: ['car'] })
  const boats = join()
  boats.says({ type: 'subscribe', cameras: ['a'], classes: ['boat'] })
  const slow = join()
  slow.says({ type: 'subscribe', cameras: ['a'], maxFps: 10 })
  const nobody = join()
  for (let i = 0; i < 4; i++) {
    a.publish(result)
    await settle()
    cars.clock.advance(50)
  }
  const objectsOf = (client: typeof cars): unknown[] =>
    client.socket
      .take()
      .flatMap((message) =>
        message.type === 'detections'
          ? [[message.seq, message.objects.map(({ label }) => label), message.skipped]]
          : [],
      )
  assert.deepEqual(objectsOf(cars).slice(0, 2), [
    [1, ['car'], undefined],
    [2, ['car'], undefined],
  ])
  assert.deepEqual(objectsOf(boats)[3], [4, [], undefined])
  const labels = result.objects.map(({ label }) => label)
  assert.deepEqual(objectsOf(slow), [
    [1, labels, 0],
    [3, labels, 1],
  ])
  assert.deepEqual(nobody.socket.takeShort(), ['hello'])
})

test('unsubscribe and a new subscribe take effect at once', async () => {
  const { hub, join, settle } = openFakeHub()
  const a = hub.addCamera('a')
  const b = hub.addCamera('b')
  const client = join()
  client.says({ type: 'subscribe', cameras: ['a'] })
  a.publish(result)
  client.says({ type: 'subscribe', cameras: ['b'] })
  a.publish(result)
  b.publish(result)
  client.says({ type: 'unsubscribe' })
  b.publish(result)
  await settle()
  assert.deepEqual(client.socket.takeShort(), ['hello', 'a 1', 'b 1'])
})

test('resume replays what came between, once a connection', async () => {
  const { hub, join, settle } = openFakeHub()
  const a = hub.addCamera('a')
  for (let i = 0; i < 5; i++) a.publish(result)
  const client = join()
  const resume = { bootId: 'boot-2', cameras: { a: 3, unknown: 1 } }
  client.says({ type: 'subscribe', cameras: ['*'], resume })
  a.publish(result)
  await settle()
  assert.deepEqual(client.socket.takeShort(), ['hello', 'a 4', 'a 5', 'a 6'])
  client.says({ type: 'subscribe', cameras: ['*'], resume })
  await settle()
  assert.deepEqual(client.socket.takeShort(), ['error unsupported'])
  const restarted = join()
  restarted.says({
    type: 'subscribe',
    cameras: ['*'],
    resume: { bootId: 'boot-1', cameras: { a: 70 } },
  })
  a.publish(result)
  await settle()
  assert.deepEqual(restarted.socket.takeShort(), ['hello', 'gap a 71-? restart', 'a 7'])
})

test('a camera that resume does not name is none of its cameras, whatever it is called', async () => {
  const { hub, join, settle } = openFakeHub()
  const camera = hub.addCamera('constructor')
  const client = join()
  client.says({
    type: 'subscribe',
    cameras: ['*'],
    resume: { bootId: 'boot-1', cameras: { a: 70 } },
  })
  camera.publish(result)
  await settle()
  assert.deepEqual(client.socket.takeShort(), ['hello', 'constructor 1'])
})

test('subscribers beyond the limit are told so, closed with 1013 and counted', async () => {
  const { hub, join, settle } = openFakeHub({ subscribersMax: 2 })
  const first = join()
  join()
  const third = join()
  await settle()
  assert.equal(third.subscriber, null)
  assert.deepEqual(third.socket.takeShort(), ['error too_many_subscribers'])
  assert.equal(third.socket.closedWith, 1013)
  assert.equal(hub.stats().refused, 1)
  assert.equal(hub.stats().subscribers, 2)
  if (first.subscriber !== null) hub.release(first.subscriber)
  assert.notEqual(join().subscriber, null)
})

test('one stalled client costs the others nothing', async () => {
  const { hub, clock, join, settle } = openFakeHub()
  const a = hub.addCamera('a')
  const stalled = join()
  const healthy = join()
  for (const client of [stalled, healthy]) client.says({ type: 'subscribe', cameras: ['a'] })
  for (let i = 0; i < 60; i++) {
    clock.advance(66)
    a.publish(sampleResult({ boxes: 100 }))
    await settle()
    healthy.answersPings()
  }
  assert.equal(healthy.socket.takeShort().filter((short) => short.startsWith('a ')).length, 60)
  assert.ok(stalled.socket.takeShort().length < 25)
})

test('closing says goodbye with 1001, and nobody comes in after it', async () => {
  const { hub, clock, join, settle } = openFakeHub()
  const a = hub.addCamera('a')
  const client = join()
  client.says({ type: 'subscribe', cameras: ['a'] })
  a.publish(result)
  hub[Symbol.dispose]()
  hub[Symbol.dispose]()
  assert.deepEqual(client.socket.takeShort(), ['hello', 'a 1'])
  assert.equal(client.socket.closedWith, 1001)
  assert.equal(join().subscriber, null)
  await settle()
  if (client.subscriber !== null) hub.release(client.subscriber)
  clock.advance(1_000)
  assert.equal(clock.pendingCount, 0)
})
