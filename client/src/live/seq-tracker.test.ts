import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeqTracker } from './seq-tracker.ts'

function tracking(...seqs: readonly number[]): SeqTracker {
  const tracker = new SeqTracker()
  tracker.hello('boot-1')
  for (const seq of seqs) tracker.detections({ camera: 'gate', seq })
  return tracker
}

test('a number that is missing without a word is counted', () => {
  assert.equal(tracking(1, 2, 6).gaps.unsaid, 3)
})

test('a number that was announced as missing is not counted twice', () => {
  const tracker = tracking(1, 2)
  tracker.gap({ camera: 'gate', from: 3, to: 5, reason: 'conflated' })
  assert.equal(tracker.detections({ camera: 'gate', seq: 6 }), true)
  assert.deepEqual(tracker.gaps, { conflated: 3, expired: 0, restart: 0, unsaid: 0 })
})

test('what a resume repeats is refused', () => {
  const tracker = tracking(1, 2, 3)
  assert.equal(tracker.detections({ camera: 'gate', seq: 2 }), false)
  assert.equal(tracker.detections({ camera: 'gate', seq: 4 }), true)
})

test('the first number of a camera may be any', () => {
  assert.equal(tracking(4_711).gaps.unsaid, 0)
})

test('another server process starts its numbers anew', () => {
  const tracker = tracking(100)
  assert.equal(tracker.hello('boot-2'), true)
  tracker.gap({ camera: 'gate', from: 101, to: null, reason: 'restart' })
  assert.equal(tracker.detections({ camera: 'gate', seq: 1 }), true)
  assert.deepEqual(tracker.gaps, { conflated: 0, expired: 0, restart: 1, unsaid: 0 })
})

test('the same server process is no restart', () => {
  assert.equal(tracking(1).hello('boot-1'), false)
})

test('a camera that was removed and made again starts anew', () => {
  const tracker = tracking(100)
  tracker.forget('gate')
  assert.equal(tracker.detections({ camera: 'gate', seq: 1 }), true)
})

test('resume names the last of each camera, and nothing before the first hello', () => {
  assert.equal(new SeqTracker().resume(), undefined)
  assert.deepEqual(tracking(1, 2).resume(), { bootId: 'boot-1', cameras: { gate: 2 } })
})
