import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LatencyProfiles } from './latency-profiles.ts'
import { everyFrame, frameOf, names, setUp } from './scheduler.fixture.ts'

const shape = (index: number): number => 416 * 65_536 + index + 1

test('1,000 picture shapes from one camera: each is still scheduled, nothing throws', () => {
  const { scheduler, undetected } = setUp()
  scheduler.addStream('a', everyFrame)
  for (let i = 0; i < 1_000; i++) {
    const atMs = 1_000 + i * 40
    scheduler.arrive('a', frameOf(`a${i}`, atMs, 200, i + 1), atMs)
    const decision = scheduler.poll(atMs, 1)
    assert.ok(decision.kind === 'dispatch', `shape ${i}: ${decision.kind}`)
    assert.equal(names(decision.batch), `a${i}`)
    scheduler.done(decision.batch, 10)
  }
  assert.deepEqual(undetected, [])
})

test('a batch that ends after its shape was let go is still counted', () => {
  const { scheduler } = setUp()
  scheduler.addStream('a', everyFrame)
  scheduler.addStream('b', everyFrame)
  scheduler.arrive('a', frameOf('a', 1_000), 1_000)
  const slow = scheduler.poll(1_000, 2)
  assert.ok(slow.kind === 'dispatch')
  for (let i = 0; i < 300; i++) {
    const atMs = 1_040 + i * 40
    scheduler.arrive('b', frameOf(`b${i}`, atMs, 200, i + 300), atMs)
    const decision = scheduler.poll(atMs, 1)
    assert.ok(decision.kind === 'dispatch')
    scheduler.done(decision.batch, 10)
  }
  scheduler.done(slow.batch, 12)
  scheduler.arrive('a', frameOf('a2', 20_000), 20_000)
  assert.equal(scheduler.poll(20_000, 1).kind, 'dispatch')
})

test('profiles stay within their bound, and each one let go is counted', () => {
  const profiles = new LatencyProfiles(4)
  for (let i = 0; i < 1_000; i++) profiles.of(shape(i))
  assert.equal(profiles.size, 64)
  assert.equal(profiles.evicted, 936)
})

test('a shape that is in use keeps what was learned, whatever else passes through', () => {
  const profiles = new LatencyProfiles(4)
  const kept = profiles.of(shape(0))
  for (let i = 1; i < 1_000; i++) {
    profiles.of(shape(i))
    assert.equal(profiles.of(shape(0)), kept)
  }
})

test('a shape that comes back after it was let go starts from the calibrated one, scaled', () => {
  const profiles = new LatencyProfiles(4)
  for (let i = 0; i < 3; i++) profiles.calibrate(shape(99), { batchSize: 1, ms: 10 })
  const guessMs = profiles.of(shape(49)).meanMs(1)
  for (let i = 0; i < 5; i++) profiles.of(shape(49)).add(1, 80)
  for (let i = 1_000; i < 1_100; i++) profiles.of(shape(i))
  assert.equal(Math.round(guessMs), 5)
  assert.equal(profiles.of(shape(49)).meanMs(1), guessMs)
})
