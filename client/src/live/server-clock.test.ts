import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { ServerClock } from './server-clock.ts'

/** A server `aheadMs` ahead of the client; the way there and the way back take as long as told. */
function exchange(aheadMs: number, atMs: number, thereMs: number, backMs: number) {
  return {
    sentAtMs: atMs,
    serverAtMs: atMs + thereMs + aheadMs,
    receivedAtMs: atMs + thereMs + backMs,
  }
}

test('before the first answer nothing is known', () => {
  const clock = new ServerClock()
  assert.equal(clock.toServerMs(5), null)
  assert.equal(clock.errorMsMax, null)
})

test('an even exchange gives the offset exactly', () => {
  const clock = new ServerClock()
  clock.observe(exchange(1_000_000, 500, 4, 4))
  assert.equal(clock.toServerMs(600), 1_000_600)
  assert.equal(clock.errorMsMax, 4)
})

test('a slow exchange does not move what a fast one said', () => {
  const clock = new ServerClock()
  clock.observe(exchange(70, 0, 1, 1))
  clock.observe(exchange(70, 5_000, 300, 2))
  assert.equal(clock.toServerMs(0), 70)
})

test('the fast one is forgotten after a minute, so that drift is followed', () => {
  const clock = new ServerClock()
  clock.observe(exchange(70, 0, 1, 1))
  for (let i = 1; i <= 12; i++) clock.observe(exchange(75, i * 5_000, 3, 3))
  assert.equal(clock.toServerMs(0), 75)
})

test('after clear nothing is known', () => {
  const clock = new ServerClock()
  clock.observe(exchange(70, 0, 1, 1))
  clock.clear()
  assert.equal(clock.toServerMs(0), null)
})

test('property: never further off than it says', () => {
  const delay = fc.double({ min: 0, max: 500, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(delay, delay), { minLength: 1, maxLength: 30 }),
      fc.double({ min: -1e9, max: 1e9, noNaN: true }),
      (ways, aheadMs) => {
        const clock = new ServerClock()
        ways.forEach(([there, back], i) => clock.observe(exchange(aheadMs, i * 5_000, there, back)))
        const offMs = Math.abs((clock.toServerMs(0) ?? Infinity) - aheadMs)
        assert.ok(offMs <= (clock.errorMsMax ?? 0) + 1e-6)
      },
    ),
  )
})
