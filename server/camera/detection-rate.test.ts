import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DetectionRate } from './detection-rate.ts'

/** Looks of so many seconds at a camera with these rates. */
function after(
  seconds: number,
  rates: { readonly detected: number; readonly superseded?: number; readonly late?: number },
): DetectionRate {
  const rate = new DetectionRate()
  for (let second = 0; second <= seconds; second++)
    rate.look({
      detected: rates.detected * second,
      superseded: (rates.superseded ?? 0) * second,
      late: (rates.late ?? 0) * second,
    })
  return rate
}

test('a camera that gets half of what it is to get, for frames waited in vain, is short', () => {
  assert.deepEqual(after(5, { detected: 5, superseded: 5 }).shortfall(10), {
    fps: 5,
    reason: 'inference capacity',
  })
  assert.deepEqual(after(60, { detected: 7.3, late: 2.7 }).shortfall(10)?.fps, 7.3)
})

test('one that gets what it is to get is not, whatever else was superseded', () => {
  assert.equal(after(60, { detected: 10, superseded: 15 }).shortfall(10), null)
  assert.equal(after(60, { detected: 9, superseded: 1 }).shortfall(10), null)
})

test('frames that were lost on the way are no shortfall of the device', () => {
  assert.equal(after(60, { detected: 2 }).shortfall(10), null)
})

test('nothing is said before five seconds, nor right after the camera was away', () => {
  const rate = after(4, { detected: 1, late: 9 })
  assert.equal(rate.shortfall(10), null)
  rate.look({ detected: 5, superseded: 0, late: 45 })
  assert.notEqual(rate.shortfall(10), null)
  rate.reset()
  assert.equal(rate.shortfall(10), null)
})
