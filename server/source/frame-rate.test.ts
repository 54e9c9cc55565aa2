import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FrameRate } from './frame-rate.ts'

describe('the measured frame rate', () => {
  test('is 0 of nothing, of one unit, after silence and after a reset', () => {
    const rate = new FrameRate()
    assert.equal(rate.fps(0), 0)
    rate.add(0)
    assert.equal(rate.fps(0), 0)
    rate.add(40)
    assert.equal(rate.fps(40), 25)
    assert.equal(rate.fps(2041), 0)
    rate.add(3000)
    rate.add(3040)
    rate.reset()
    assert.equal(rate.fps(3040), 0)
  })

  for (const fps of [1, 12.5, 25, 30, 60, 120])
    test(`of ${fps} is ${fps}, with jitter on single arrivals`, () => {
      const rate = new FrameRate()
      let atMs = 0
      for (let i = 0; atMs < 5000; i++) {
        atMs = (i * 1000) / fps
        rate.add(atMs + (i % 3) * 0.01)
      }
      assert.ok(Math.abs(rate.fps(atMs) - fps) <= 0.1, String(rate.fps(atMs)))
    })

  test('follows the camera within two seconds', () => {
    const rate = new FrameRate()
    for (let i = 0; i < 100; i++) rate.add(i * 40)
    for (let i = 1; i <= 30; i++) rate.add(3960 + i * 100)
    assert.equal(rate.fps(6960), 10)
  })
})
