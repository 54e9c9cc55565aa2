import assert from 'node:assert/strict'
import { test } from 'node:test'
import { array, assert as check, integer, property } from 'fast-check'
import { Pace } from './pace.ts'

function admittedOf(maxFps: number, instants: readonly number[]): number[] {
  const pace = new Pace(maxFps)
  return instants.filter((atMs) => pace.admit(atMs) !== null)
}
const every = (periodMs: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => 1_000 + i * periodMs)

const table: readonly [cameraFps: number, maxFps: number, perSecond: number][] = [
  [30, 5, 5],
  [30, 10, 10],
  [15, 10, 10],
  [15, 15, 15],
  [15, 14, 14],
  [10, 14, 10],
  [10, 30, 10],
  [30, 0.5, 0.5],
]
for (const [cameraFps, maxFps, perSecond] of table)
  test(`${cameraFps} results a second behind maxFps ${maxFps} become ${perSecond}`, () => {
    const admitted = admittedOf(maxFps, every(1_000 / cameraFps, cameraFps * 20))
    assert.ok(Math.abs(admitted.length - perSecond * 20) <= 1, `${admitted.length} in 20 s`)
  })

test('jitter does not lower the rate', () => {
  const jittered = every(1_000 / 15, 300).map((atMs, i) => atMs + (i % 2) * 8)
  assert.ok(admittedOf(15, jittered).length >= 295)
})

test('a silence brings no burst: no second holds more than maxFps and three', () => {
  check(
    property(
      array(integer({ min: 1, max: 3_000 }), { maxLength: 200 }),
      integer({ min: 1, max: 30 }),
      (gaps, maxFps) => {
        let atMs = 0
        const admitted = admittedOf(
          maxFps,
          gaps.map((gap) => (atMs += gap)),
        )
        return admitted.every(
          (from) => admitted.filter((at) => at >= from && at < from + 1_000).length <= maxFps + 3,
        )
      },
    ),
  )
})

test('what was left out is told with the next one', () => {
  const pace = new Pace(5)
  assert.deepEqual(
    [0, 50, 100, 150, 200, 250].map((atMs) => pace.admit(atMs)),
    [0, null, null, null, 3, null],
  )
})
