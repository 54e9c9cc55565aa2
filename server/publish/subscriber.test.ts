import assert from 'node:assert/strict'
import { test } from 'node:test'
import { displayDelayEdgesMs } from '#protocol/messages.ts'
import { openFakeHub } from './fake-hub.ts'

const bad: readonly [title: string, text: string, message: RegExp][] = [
  ['no JSON', '{', /not JSON/],
  ['no object', '7', /./],
  ['an unknown type', '{"type":"hack"}', /^type: /],
  ['no cameras', '{"type":"subscribe"}', /^cameras: /],
  ['a misspelt key', '{"type":"subscribe","cameras":["*"],"camera":1}', /camera/],
  ['a bad score', '{"type":"subscribe","cameras":["*"],"minScore":2}', /^minScore: /],
  [
    'a bad seq',
    '{"type":"subscribe","cameras":["*"],"resume":{"bootId":"","cameras":{"a":-1}}}',
    /^resume\.cameras\.a: /,
  ],
  ['a bad camera', '{"type":"subscribe","cameras":["A B"]}', /^cameras\.0/],
]
for (const [title, text, message] of bad)
  test(`${title} is answered by bad_message with the path, and the connection goes on`, async () => {
    const { join, settle } = openFakeHub()
    const client = join()
    client.saysText(text)
    client.says({ type: 'ping', id: 7, sentAtMs: 12.5 })
    await settle()
    const [, error, pong] = client.socket.take()
    assert.ok(error?.type === 'error')
    assert.equal(error.code, 'bad_message')
    assert.match(error.message, message)
    assert.deepEqual(pong, { type: 'pong', id: 7, sentAtMs: 12.5, serverAtMs: 1_000 })
  })

test('a binary message is answered by bad_message', async () => {
  const { join, settle } = openFakeHub()
  const client = join()
  client.subscriber?.onBinary()
  await settle()
  assert.deepEqual(client.socket.takeShort(), ['hello', 'error bad_message'])
})

test('more than 20 messages a second are left unread, with one error a second', async () => {
  const { clock, hub, join, settle } = openFakeHub()
  const client = join()
  for (let i = 0; i < 50; i++) client.says({ type: 'ping', id: i, sentAtMs: 0 })
  await settle()
  const first = client.socket.takeShort()
  assert.equal(first.filter((short) => short === 'pong').length, 20)
  assert.equal(first.filter((short) => short === 'error rate_limited').length, 1)
  assert.equal(hub.stats().rateLimited, 30)
  clock.advance(500)
  for (let i = 0; i < 50; i++) client.says({ type: 'ping', id: i, sentAtMs: 0 })
  await settle()
  assert.deepEqual(client.socket.takeShort(), Array(10).fill('pong'))
})

test('beacons of known cameras add up; oversized ones do not', async () => {
  const { hub, join, settle } = openFakeHub()
  hub.addCamera('a')
  const client = join()
  const displayDelayMs = displayDelayEdgesMs.map(() => 0).concat(0)
  displayDelayMs[3] = 4
  const beacon = {
    type: 'beacon',
    camera: 'a',
    exact: 5,
    interpolated: 0,
    held: 2,
    none: 1,
    displayDelayMs,
  }
  client.says(beacon)
  client.says({ ...beacon, camera: 'unknown' })
  client.saysText(JSON.stringify(beacon) + ' '.repeat(4_096))
  await settle()
  assert.deepEqual(client.socket.takeShort(), ['hello', 'error too_large'])
  const { boxes, displayDelay } = hub.stats().beacons
  assert.deepEqual(boxes, { exact: 5, interpolated: 0, held: 2 })
  assert.equal(displayDelay.total, 4)
  assert.equal(displayDelay.counts[3], 4)
  // 20 to 25 ms: the middle.
  assert.ok(Math.abs(displayDelay.sum - 4 * 0.0225) < 1e-9)
})
