import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SchedulableFrame, StreamSlot } from './stream-slot.ts'

function frameAt(capturedAtMs: number): SchedulableFrame {
  return { capturedAtMs, deadlineAtMs: capturedAtMs + 200, width: 416, height: 234 }
}

/** Feeds captures and serves each that is due at once; returns the captures served. */
function served(detectFps: number, instants: readonly number[], phase = 0): number[] {
  const slot = new StreamSlot({ streamId: 'a', weight: 1, detectFps, phase })
  const result: number[] = []
  for (const capturedAtMs of instants) {
    const frame = frameAt(capturedAtMs)
    slot.arrived(frame, capturedAtMs + 10)
    if (!slot.isDue(capturedAtMs)) continue
    slot.waiting = frame
    slot.serve(frame)
    slot.inFlight = false
    result.push(capturedAtMs)
  }
  return result
}

/** `seconds` of a camera whose captures stray by up to `jitterMs` from their rhythm. */
function captures(fps: number, seconds: number, jitterMs = 0): number[] {
  return Array.from({ length: fps * seconds }, (_, i) => {
    const strayed = Math.sin(i * 12.9898) * jitterMs
    return 1_000_000 + (i * 1000) / fps + strayed
  })
}

const rates = [
  { cameraFps: 30, detectFps: 10, perSecond: 10 },
  { cameraFps: 30, detectFps: 15, perSecond: 15 },
  { cameraFps: 30, detectFps: 30, perSecond: 30 },
  { cameraFps: 30, detectFps: 7, perSecond: 7 },
  { cameraFps: 30, detectFps: 0, perSecond: 30 },
  { cameraFps: 30, detectFps: 60, perSecond: 30 },
  { cameraFps: 25, detectFps: 12.5, perSecond: 12.5 },
  { cameraFps: 25, detectFps: 10, perSecond: 10 },
  { cameraFps: 25, detectFps: 24, perSecond: 24 },
  { cameraFps: 15, detectFps: 10, perSecond: 10 },
  { cameraFps: 5, detectFps: 10, perSecond: 5 },
  { cameraFps: 30, detectFps: 0.5, perSecond: 0.5 },
]

for (const { cameraFps, detectFps, perSecond } of rates)
  for (const jitterMs of [0, 4])
    test(`A camera at ${cameraFps} fps with detectFps ${detectFps} and ${jitterMs} ms of jitter gives ${perSecond}/s.`, () => {
      for (const phase of [0, 0.3, 0.618, 0.999]) {
        const count = served(detectFps, captures(cameraFps, 100, jitterMs), phase).length
        // The first frame is served at once, wherever in the period it falls.
        assert.ok(Math.abs(count - perSecond * 100) <= 1, `phase ${phase}: ${count} in 100 s`)
      }
    })

test('Served frames keep the distance of the period, give or take half a frame, whatever the jitter.', () => {
  const [, , ...steady] = served(12.5, captures(25, 60, 8))
  for (let i = 1; i < steady.length; i++) {
    const gapMs = (steady[i] ?? 0) - (steady[i - 1] ?? 0)
    assert.ok(gapMs >= 80 - 20 - 16 && gapMs <= 80 + 20 + 16, `gap ${gapMs}`)
  }
})

test('After a pause of the camera the missed periods are not made up for.', () => {
  const before = captures(30, 2)
  const after = captures(30, 2).map((atMs) => atMs + 12_000)
  const afterPause = served(10, [...before, ...after]).filter((atMs) => atMs >= 1_012_000)
  assert.ok(Math.abs(afterPause.length - 20) <= 1, `${afterPause.length}`)
})

test('A frame captured before an earlier one is refused.', () => {
  const slot = new StreamSlot({ streamId: 'a', weight: 1, detectFps: 0, phase: 0 })
  assert.equal(slot.arrived(frameAt(1000), 1010), true)
  assert.equal(slot.arrived(frameAt(1000), 1011), true)
  assert.equal(slot.arrived(frameAt(999), 1012), false)
})

test('The next arrival is predicted from the rhythm, past the frames that will be paced, and not when overdue.', () => {
  const slot = new StreamSlot({ streamId: 'a', weight: 1, detectFps: 10, phase: 0 })
  assert.equal(slot.nextArrivalAtMs(990), Infinity)
  slot.arrived(frameAt(960), 980)
  assert.equal(slot.nextArrivalAtMs(990), Infinity)
  slot.arrived(frameAt(1000), 1020)
  assert.equal(slot.nextArrivalAtMs(1030), 1060)
  slot.waiting = frameAt(1000)
  slot.serve(frameAt(1000))
  // Due at 1100; frames of 1040 and 1060 are too early, that of 1080 is within half an interval.
  assert.equal(slot.nextArrivalAtMs(1030), 1100)
  assert.equal(slot.nextArrivalAtMs(1103), Infinity)
})

test('A lower rate counts from the frame served last.', () => {
  const slot = new StreamSlot({ streamId: 'a', weight: 1, detectFps: 0, phase: 0 })
  slot.arrived(frameAt(1000), 1000)
  slot.waiting = frameAt(1000)
  slot.serve(frameAt(1000))
  assert.equal(slot.isDue(1033), true)
  slot.setRate(2)
  assert.equal(slot.isDue(1033), false)
  assert.equal(slot.isDue(1500), true)
  slot.setRate(0)
  assert.equal(slot.isDue(1033), true)
})
