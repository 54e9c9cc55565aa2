import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '#std/fake-clock.ts'
import { FakeSocket } from './fake-socket.ts'
import { textFrame } from './frame.ts'
import { stateLaneMax } from './outbox-limits.ts'
import { Outbox } from './outbox.ts'
import { resultMessage } from './sample-result.ts'
import { Turn } from './turn.ts'

test('a client that stops reading is written at most 64 KiB more once its pong is 500 ms late', () => {
  const client = open()
  client.publishFor(1_000)
  client.stopsReading()
  client.publishFor(751)
  const before = client.socket.bytes
  client.publishFor(9_000)
  assert.ok(client.outbox.isConflating)
  assert.ok(client.socket.bytes - before <= 64 * 1024, `${client.socket.bytes - before} B`)
  assert.ok(client.counters.conflated > 100)
})

test('it resumes with a gap and the newest state, then gets everything again', () => {
  const client = open()
  client.publishFor(1_000)
  client.stopsReading()
  client.publishFor(5_000)
  client.socket.take()
  client.reads()
  client.publishFor(33)
  const resumed = client.socket.takeShort()
  assert.match(resumed[0] ?? '', /^gap a \d+-\d+ conflated$/)
  assert.ok(resumed.at(-1)?.startsWith('a '), resumed.join())
  client.publishFor(300)
  assert.equal(client.outbox.isConflating, false)
  client.socket.take()
  client.offer('a')
  assert.deepEqual(client.socket.takeShort(), [`a ${client.seq}`])
})

test('what it got and what the gaps say make up every seq, in order', () => {
  const client = open()
  client.publishFor(500)
  for (let round = 0; round < 5; round++) {
    client.stopsReading()
    client.publishFor(900 + 300 * round)
    client.reads()
    client.publishFor(700)
  }
  let next = 1
  for (const message of client.socket.messages) {
    if (message.type === 'detections') {
      assert.equal(message.seq, next)
      next++
    } else if (message.type === 'gap') {
      assert.equal(message.from, next)
      next = (message.to ?? 0) + 1
    }
  }
  assert.equal(next, client.seq + 1)
  assert.ok(client.counters.conflated > 0)
})

test('messages of one turn leave in one write, with the ping behind them', () => {
  const client = open()
  client.clock.advance(250)
  client.outbox.offer('a', 1, frameOf('a', 1))
  client.outbox.offer('b', 1, frameOf('b', 1))
  assert.equal(client.socket.writes.length, 0)
  client.turn.end()
  assert.deepEqual(
    client.socket.writes.map((write) => write.length),
    [2],
  )
  assert.equal(client.socket.pingIds.length, 1)
})

test('a healthy client is pinged at most every 250 ms and never twice at once', () => {
  const client = open()
  client.publishFor(10_000)
  assert.ok(client.socket.pingIds.length <= 40 && client.socket.pingIds.length >= 30)
  client.stopsReading()
  const before = client.socket.pingIds.length
  client.publishFor(400)
  assert.equal(client.socket.pingIds.length, before + 1)
})

test('more than 256 KiB that the kernel did not take is behind, whatever the pongs say', () => {
  const client = open()
  client.socket.bufferedBytes = 256 * 1024 + 1
  client.offer('a')
  client.offer('a')
  assert.deepEqual(client.socket.takeShort(), [])
  assert.ok(client.outbox.isConflating)
  assert.equal(client.counters.conflated, 1)
})

test('a client behind gets one write per 33 ms with the latest of each camera', () => {
  const client = open()
  client.socket.bufferedBytes = 256 * 1024 + 1
  for (const seq of [1, 2, 3])
    for (const camera of ['a', 'b']) client.outbox.offer(camera, seq, frameOf(camera, seq))
  client.clock.advance(33)
  client.turn.end()
  assert.deepEqual(client.socket.takeShort(), [
    'gap a 1-2 conflated',
    'a 3',
    'gap b 1-2 conflated',
    'b 3',
  ])
  for (const seq of [4, 5, 6]) client.outbox.offer('a', seq, frameOf('a', seq))
  client.clock.advance(32)
  assert.deepEqual(client.socket.takeShort(), [])
  client.clock.advance(1)
  client.turn.end()
  assert.deepEqual(client.socket.takeShort(), ['gap a 4-5 conflated', 'a 6'])
})

test('state messages are never conflated, and come before the results', () => {
  const client = open()
  client.socket.bufferedBytes = 256 * 1024 + 1
  client.outbox.offer('a', 1, frameOf('a', 1))
  client.outbox.send(stateFrame('stalled'))
  client.outbox.send(stateFrame('connecting'))
  client.outbox.send(stateFrame('live'))
  client.clock.advance(33)
  client.turn.end()
  assert.deepEqual(client.socket.takeShort(), ['a stalled', 'a connecting', 'a live', 'a 1'])
})

test('a client whose pong is older than 10 s is closed with 1013 and cut a second later', () => {
  const client = open()
  client.publishFor(300)
  client.stopsReading()
  client.publishFor(300)
  client.publishFor(9_500)
  assert.equal(client.socket.closedWith, null)
  for (let i = 0; i < 500 && client.socket.isOpen; i++) client.publishFor(1)
  assert.equal(client.socket.closedWith, 1013)
  assert.equal(client.counters.evicted, 1)
  client.clock.advance(999)
  assert.equal(client.socket.isTerminated, false)
  client.clock.advance(1)
  assert.equal(client.socket.isTerminated, true)
})

test('so is one with more than 4 MiB not taken, and one whose state lane is full', () => {
  const heavy = open()
  heavy.socket.bufferedBytes = 4 * 1024 * 1024 + 1
  heavy.outbox.sweep()
  assert.equal(heavy.socket.closedWith, 1013)
  const full = open()
  full.socket.bufferedBytes = 256 * 1024 + 1
  for (let i = 0; i < stateLaneMax; i++) full.outbox.send(stateFrame('live'))
  assert.equal(full.socket.closedWith, null)
  full.outbox.send(stateFrame('live'))
  assert.equal(full.socket.closedWith, 1013)
  full.turn.end()
})

test('an idle client is pinged every 15 s and given up when it does not answer', () => {
  const client = open()
  for (let second = 0; second < 60; second++) client.sweepAfter(1_000)
  assert.ok(client.socket.pingIds.length >= 4 && client.socket.pingIds.length <= 5)
  client.stopsReading()
  for (let second = 0; second < 27; second++) client.sweepAfter(1_000)
  assert.equal(client.socket.closedWith, 1013)
})

test('a pong that answers no ping changes nothing', () => {
  const client = open()
  client.publishFor(1_000)
  client.stopsReading()
  client.publishFor(2_000)
  client.outbox.onPong(12_345)
  assert.ok(client.outbox.isConflating)
})

test('nothing runs on after the connection is gone', () => {
  const client = open()
  client.stopsReading()
  client.publishFor(2_000)
  client.outbox[Symbol.dispose]()
  client.outbox[Symbol.dispose]()
  assert.equal(client.clock.pendingCount, 0)
})

function open() {
  const clock = new FakeClock()
  const socket = new FakeSocket()
  const turn = new Turn()
  const counters = { messages: 0, bytes: 0, conflated: 0, evicted: 0 }
  const outbox = new Outbox({ clock, socket, turn, counters })
  let answered = 0
  let isReading = true
  const client = {
    clock,
    socket,
    turn,
    counters,
    outbox,
    seq: 0,
    stopsReading: () => (isReading = false),
    reads() {
      isReading = true
      answer()
    },
    offer(camera: string) {
      client.seq++
      outbox.offer(camera, client.seq, frameOf(camera, client.seq))
      turn.end()
    },
    /** One result of 30 boxes every 66 ms, the pongs a millisecond after each step. */
    publishFor(ms: number) {
      for (let at = 0; at < ms; at++) {
        clock.advance(1)
        turn.end()
        if (isReading) answer()
        if (Math.round(clock.nowMs()) % 66 === 0) client.offer('a')
      }
    },
    sweepAfter(ms: number) {
      clock.advance(ms)
      outbox.sweep()
      if (isReading) answer()
    },
  }
  return client

  function answer(): void {
    while (answered < socket.pingIds.length) outbox.onPong(socket.pingIds[answered++] ?? 0)
    turn.end()
  }
}

function frameOf(camera: string, seq: number): Buffer {
  return textFrame(JSON.stringify(resultMessage({ camera, seq, boxes: 30 })))
}

function stateFrame(state: string): Buffer {
  return textFrame(
    JSON.stringify({
      type: 'camera',
      camera: 'a',
      state,
      code: null,
      reason: null,
      detectFps: 10,
      effectiveFps: 10,
      measuredFps: 30,
      shed: null,
      codec: null,
      relay: 'idle',
    }),
  )
}
