import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LatencyProfile } from './latency-profile.ts'

function profileOf(batchMax: number, samples: readonly (readonly [number, number])[]) {
  const profile = new LatencyProfile(batchMax)
  for (const [batchSize, ms] of samples) profile.add(batchSize, ms)
  return profile
}

function near(actual: number, expected: number, tolerance = 1e-6): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`)
}

test('A batch size outside 1..batchMax is a bug.', () => {
  const profile = new LatencyProfile(4)
  for (const batchSize of [0, -1, 5, 1.5]) assert.throws(() => profile.add(batchSize, 10))
  assert.throws(() => new LatencyProfile(0))
})

test('One size alone gives a line without fixed cost, so that nothing waits for company.', () => {
  for (const size of [1, 2, 3, 7]) {
    const profile = profileOf(
      8,
      Array.from({ length: 50 }, () => [size, 12] as const),
    )
    near(profile.alphaMs, 12 / size)
    assert.equal(profile.betaMs, 0)
  }
})

test('Two sizes give the line through both, and sizes between them lie on it.', () => {
  const profile = profileOf(8, [
    [1, 4],
    [4, 7],
    [1, 4],
    [4, 7],
  ])
  near(profile.alphaMs, 1)
  near(profile.betaMs, 3)
  near(profile.meanMs(2), 5)
  near(profile.highMs(2), 5 * 1.15)
})

test('A size with three samples speaks for itself: mean and three deviations.', () => {
  const profile = profileOf(2, [
    [1, 10],
    [1, 10],
    [1, 10],
  ])
  near(profile.meanMs(1), 10)
  assert.ok(profile.highMs(1) >= 10 && profile.highMs(1) < 13)
  for (let i = 0; i < 200; i++) profile.add(1, i % 2 === 0 ? 9 : 11)
  near(profile.meanMs(1), 10, 0.2)
  near(profile.highMs(1), 13, 0.3)
})

test('One stall of 500 ms moves L95 by less than its own mean; a lasting change gets through.', () => {
  const profile = profileOf(
    1,
    Array.from({ length: 100 }, () => [1, 10] as const),
  )
  profile.add(1, 500)
  assert.ok(profile.highMs(1) < 20, `L95 ${profile.highMs(1)}`)
  for (let i = 0; i < 60; i++) profile.add(1, 100)
  assert.ok(profile.meanMs(1) > 80, `mean ${profile.meanMs(1)}`)
})

test('Another shape starts from a guess by its share of pixels.', () => {
  const scaled = profileOf(4, [
    [1, 4],
    [4, 7],
  ]).scaled(0.5)
  near(scaled.meanMs(2), 2 * 0.5 + 3)
})
