import assert from 'node:assert/strict'
import { test } from 'node:test'
import { upperSlope } from './upper-slope.ts'

const line = (slope: number, noise: (x: number) => number) =>
  Array.from({ length: 100 }, (_, x) => [x, 200 + slope * x + noise(x)] as const)
/** The same at each run, of mean zero. */
const zigzag = (height: number) => (x: number) => (x % 2 === 0 ? height : -height)

test('Of points on a straight line, the bound is its slope.', () => {
  assert.ok(Math.abs(upperSlope(line(0.5, () => 0)) - 0.5) < 1e-9)
  assert.ok(Math.abs(upperSlope(line(-2, () => 0)) + 2) < 1e-9)
})

test('Noise raises the bound, by as much as it could hide.', () => {
  const calm = upperSlope(line(0, zigzag(1)))
  const wild = upperSlope(line(0, zigzag(10)))
  // z95 * height / sqrt(n^3 / 12), but for the last digits.
  assert.ok(calm > 0.003 && calm < 0.008, String(calm))
  assert.ok(wild > 8 * calm && wild < 12 * calm, String(wild))
})

test('A growth under noise is found.', () => {
  assert.ok(upperSlope(line(0.1, zigzag(5))) > 0.1)
})

test('Two points say nothing.', () => {
  assert.equal(
    upperSlope([
      [0, 1],
      [1, 1],
    ]),
    Infinity,
  )
})
