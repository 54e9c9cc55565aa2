import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { FrameDemand } from './frame-demand.ts'

function asked(detectFps: number, capturedAtMs: readonly number[]): number {
  const demand = new FrameDemand(detectFps)
  return capturedAtMs.filter((atMs) => demand.isAsked(atMs)).length
}

const every = (intervalMs: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => i * intervalMs)

const cases: readonly [
  title: string,
  detectFps: number,
  capturedAtMs: readonly number[],
  asked: number,
][] = [
  ['every third frame of 30 a second', 10, every(1000 / 30, 300), 101],
  ['two of five frames of 25 a second', 10, every(40, 250), 101],
  ['every frame of a slower camera', 10, every(125, 80), 80],
  ['every frame where the rates are equal', 10, every(100, 100), 100],
  ['every frame without a rate', 0, every(10, 100), 100],
  ['nothing for a pause, nor to make up for it', 10, [0, 100, 5000, 5010, 5020, 5030, 5100], 4],
  ['one a period of a burst', 1, [0, 1, 2, 3, 1000, 1001, 1002], 2],
]
for (const [title, detectFps, capturedAtMs, expected] of cases)
  test(`asked for is ${title}`, () => assert.equal(asked(detectFps, capturedAtMs), expected))

test('whatever the jitter, the lower of camera rate and detect rate is asked for', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 60, noNaN: true }),
      fc.integer({ min: 1, max: 60 }),
      fc.array(fc.double({ min: -0.3, max: 0.3, noNaN: true }), { minLength: 200, maxLength: 200 }),
      (detectFps, cameraFps, jitter) => {
        const capturedAtMs = jitter.map((share, i) => ((i + share) * 1000) / cameraFps)
        const seconds = jitter.length / cameraFps
        const expected = seconds * Math.min(detectFps, cameraFps)
        const difference = Math.abs(asked(detectFps, capturedAtMs) - expected)
        assert.ok(difference <= 3, String(difference))
      },
    ),
  )
})
