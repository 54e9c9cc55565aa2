import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { CaptureClock } from './capture-clock.ts'

const hoursMs = 3_600_000

/** The same noise on each run: a linear congruential generator (Numerical Recipes). */
function noise(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface Walk {
  /** Parts per million by which the camera's crystal is fast. */
  readonly driftPpm: number
  readonly fps: number
  readonly forMs: number
  /** What the network adds to each frame. */
  readonly delayMs: () => number
  readonly firstTimestamp?: number
}

/** Worst errors of a capture instant against the truth, once the window is filled. */
function walk(options: Walk): {
  readonly early: number
  readonly late: number
  readonly afterArrival: number
} {
  const clock = new CaptureClock()
  const { driftPpm, fps, forMs, delayMs, firstTimestamp = 4_000_000_000 } = options
  let early = 0
  let late = 0
  let afterArrival = 0
  let lastArrival = 0
  for (let i = 0; (i * 1000) / fps < forMs; i++) {
    const truthMs = 5000 + (i * 1000) / fps
    const ticks = Math.round((truthMs - 5000) * 90 * (1 + driftPpm / 1e6))
    // Packets of one connection do not overtake each other.
    lastArrival = Math.max(lastArrival, truthMs + delayMs())
    const capturedAtMs = clock.capturedAtMs((firstTimestamp + ticks) >>> 0, lastArrival)
    afterArrival = Math.max(afterArrival, capturedAtMs - lastArrival)
    if (truthMs < 35_000) continue
    early = Math.max(early, truthMs - capturedAtMs)
    late = Math.max(late, capturedAtMs - truthMs)
  }
  return { early, late, afterArrival }
}

describe('captures are right within 5 ms for three hours', () => {
  for (const driftPpm of [-100, -50, 0, 50, 100])
    test(`with crystals ${driftPpm} ppm apart, over the wrap of 32 bits`, () => {
      const random = noise(7)
      const worst = walk({
        driftPpm,
        fps: 25,
        forMs: 3 * hoursMs,
        // Mostly 1 to 2 ms, now and then 40 ms: the fastest frame of a window is what counts.
        delayMs: () => 1 + random() + (random() < 0.05 ? 40 * random() : 0),
      })
      assert.ok(worst.early < 5, `never called older than it is: ${worst.early}`)
      assert.ok(worst.late < 5, `nor younger: ${worst.late}`)
      assert.ok(worst.afterArrival <= 0.001, 'never captured after it arrived')
    })
})

test('a frame that was queued on its way is older by what it took longer', () => {
  const clock = new CaptureClock()
  for (let i = 0; i < 100; i++) clock.capturedAtMs(i * 3600, 1000 + i * 40)
  assert.equal(clock.capturedAtMs(100 * 3600, 1000 + 100 * 40 + 250), 5000)
})

test('a backlog after ten seconds of silence is ten seconds old, not new', () => {
  const clock = new CaptureClock()
  for (let i = 0; i < 100; i++) clock.capturedAtMs(i * 3600, 1000 + i * 40)
  for (let i = 100; i < 350; i++) assert.equal(clock.capturedAtMs(i * 3600, 15_000), 1000 + i * 40)
})

test('a camera that sets its clock back is not called old for it', () => {
  const clock = new CaptureClock()
  for (let i = 0; i < 100; i++) clock.capturedAtMs(90_000_000 + i * 3600, 1000 + i * 40)
  for (let i = 0; i < 10; i++)
    assert.equal(clock.capturedAtMs(i * 3600, 5000 + i * 40), 5000 + i * 40)
})

test('frames that step back within a group (B-frames) keep their distances', () => {
  const clock = new CaptureClock()
  const captured = [0, 3, 1, 2, 6, 4, 5].map((place, i) =>
    clock.capturedAtMs(1_000_000 + place * 3600, 1000 + i * 40),
  )
  assert.ok(Math.abs((captured[3] ?? 0) - (captured[2] ?? 0) - 40) < 1e-9)
})

test('nothing is ever captured after it arrived, for any walk', () => {
  const step = fc.record({
    rtp: fc.integer({ min: 0, max: 20_000 }),
    ms: fc.double({ min: 0, max: 5000, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 0, max: 0xffff_ffff }), (steps, first) => {
      const clock = new CaptureClock()
      let timestamp = first
      let arrivedAtMs = 1000
      for (const { rtp, ms } of steps) {
        timestamp = (timestamp + rtp) >>> 0
        arrivedAtMs += ms
        assert.ok(clock.capturedAtMs(timestamp, arrivedAtMs) <= arrivedAtMs + 1e-6)
      }
    }),
  )
})
