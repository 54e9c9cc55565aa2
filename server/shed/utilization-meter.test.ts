import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UtilizationMeter } from './utilization-meter.ts'

const busy = (...values: number[]) => values.map((busyMs) => ({ busyMs }))

const cases: readonly [
  title: string,
  before: readonly number[],
  after: readonly number[],
  share: number,
][] = [
  ['one session that ran half the time', [100], [600], 0.5],
  ['the mean of two', [0, 0], [1000, 500], 0.75],
  ['nothing where nothing ran', [100, 100], [100, 100], 0],
  ['what a new model ran since it serves', [90_000, 90_000], [200, 0], 0.1],
  ['that of one session more', [500], [1000, 250], 0.375],
  ['nothing without a session', [500], [], 0],
  ['1 at most', [0], [1001], 1],
]
for (const [title, before, after, share] of cases)
  test(`utilisation is ${title}`, () => {
    const meter = new UtilizationMeter(busy(...before), 5000)
    assert.equal(meter.since(busy(...after), 6000), share)
    assert.equal(meter.since(busy(...after), 7000), 0)
    assert.equal(meter.since(busy(...after), 7000), 0)
  })
