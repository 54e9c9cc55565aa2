import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DecidedRate, DetectionRate } from './detection-rate.ts'

/** Looks of so many seconds at a camera with these rates. */
function after(
  seconds: number,
  rates: { readonly detected: number; readonly superseded?: number; readonly late?: number },
  decided: DecidedRate | null = null,
): DetectionRate {
  const rate = new DetectionRate()
  rate.decide(decided)
  for (let second = 0; second <= seconds; second++)
    rate.look(
      {
        detected: rates.detected * second,
        superseded: (rates.superseded ?? 0) * second,
        late: (rates.late ?? 0) * second,
      },
      10,
    )
  return rate
}
const whole = { effectiveFps: 10, shed: null, sentence: null }
const seven: DecidedRate = { detectFps: 7, reason: 'age_over_target' }

test('a camera that gets half of what it is to get, for frames waited in vain, is short', () => {
  assert.deepEqual(after(5, { detected: 5, superseded: 5 }).told(10), {
    effectiveFps: 5,
    shed: { reason: 'inference capacity' },
    sentence: '5 of 10 fps: inference capacity',
  })
  assert.equal(after(60, { detected: 7.3, late: 2.7 }).told(10).effectiveFps, 7.3)
})

test('one that gets what it is to get is not, whatever else was superseded', () => {
  assert.deepEqual(after(60, { detected: 10, superseded: 15 }).told(10), whole)
  assert.deepEqual(after(60, { detected: 9, superseded: 1 }).told(10), whole)
})

test('frames that were lost on the way are no shortfall of the device', () => {
  assert.deepEqual(after(60, { detected: 2 }).told(10), whole)
})

test('nothing is measured before five seconds, nor right after the camera was away', () => {
  const rate = after(4, { detected: 1, late: 9 })
  assert.deepEqual(rate.told(10), whole)
  rate.look({ detected: 5, superseded: 0, late: 45 }, 10)
  assert.equal(rate.told(10).effectiveFps, 1)
  rate.reset()
  assert.deepEqual(rate.told(10), whole)
})

test('a lowered rate is told at once, with its reason', () => {
  assert.deepEqual(after(0, { detected: 0 }, seven).told(10), {
    effectiveFps: 7,
    shed: { reason: 'cameras of more weight come first' },
    sentence: '7 of 10 fps: cameras of more weight come first',
  })
})

test('a lowered rate that is reached is what is told, and less where it is not', () => {
  assert.equal(after(60, { detected: 7, superseded: 3 }, seven).told(10).effectiveFps, 7)
  assert.equal(after(60, { detected: 3, superseded: 4 }, seven).told(10).effectiveFps, 3)
})

test('a shortfall that the controller sees is told without waiting five seconds', () => {
  const short: DecidedRate = { detectFps: 10, reason: 'inference_capacity' }
  assert.deepEqual(after(0, { detected: 0 }, short).told(10), whole)
  assert.equal(
    after(2, { detected: 8 }, short).told(10).sentence,
    '8 of 10 fps: inference capacity',
  )
})

test('what was measured stands while the rate in force is the same', () => {
  const rate = after(60, { detected: 5, superseded: 5 })
  rate.decide({ detectFps: 10, reason: 'inference_capacity' })
  assert.equal(rate.told(10).effectiveFps, 5)
  rate.decide(null)
  assert.equal(rate.told(10).effectiveFps, 5)
})

test('a camera slower than the decided rate is not shed', () => {
  assert.deepEqual(after(60, { detected: 5 }, seven).told(5), {
    effectiveFps: 5,
    shed: null,
    sentence: null,
  })
})

test('when the rate is given back, what was measured before is forgotten', () => {
  const rate = after(60, { detected: 3, superseded: 4 }, seven)
  rate.decide(null)
  assert.deepEqual(rate.told(10), whole)
})

test('results that were not asked for are counted, those that a slow camera never had are not', () => {
  const rate = after(9, { detected: 7 }, seven)
  assert.equal(rate.shedResults, 30)
  rate.look({ detected: 75, superseded: 0, late: 0 }, 5)
  assert.equal(rate.shedResults, 30)
  rate.decide(null)
  rate.look({ detected: 80, superseded: 0, late: 0 }, 10)
  assert.equal(rate.shedResults, 30)
})
