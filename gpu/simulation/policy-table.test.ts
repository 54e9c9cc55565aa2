import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ContenderName, contenders } from './contenders.ts'
import { measure, type RunMetrics } from './run-metrics.ts'
import { alike, devices, overloaded, type Scenario } from './scenario.ts'
import { simulate } from './simulate.ts'

// The table of `node gpu/scheduler.sim.ts` as a gate: ours against each of the others, in ratios, in one scenario and on
// the same frames. The limits leave about a tenth to what was simulated in 40 s with three seeds.

interface Gate {
  readonly versus: ContenderName
  /** Ours over theirs: at least for good results, at most for the others. */
  readonly goodMin: number
  readonly p95Max?: number
  readonly ageMeanMax: number
  readonly ageP99Max: number
}

const gates: readonly {
  readonly title: string
  readonly scenario: Scenario
  readonly against: readonly Gate[]
}[] = [
  {
    title: 'a GPU at twice its capacity, 120 ms',
    scenario: { ...overloaded('gpu', 2), seconds: 15 },
    against: [
      // Nothing of theirs is in time: any is more.
      { versus: 'fifo', goodMin: 100, p95Max: 0.05, ageMeanMax: 0.1, ageP99Max: 0.15 },
      { versus: 'fixed delay', goodMin: 100, p95Max: 0.05, ageMeanMax: 0.1, ageP99Max: 0.15 },
      {
        versus: 'fixed delay, timeout',
        goodMin: 0.95,
        p95Max: 0.65,
        ageMeanMax: 0.6,
        ageP99Max: 0.4,
      },
      { versus: 'earliest deadline', goodMin: 2, p95Max: 0.6, ageMeanMax: 0.3, ageP99Max: 0.2 },
      { versus: 'early drop', goodMin: 1.2, p95Max: 0.55, ageMeanMax: 0.6, ageP99Max: 0.4 },
      { versus: 'round robin', goodMin: 1.02, p95Max: 0.6, ageMeanMax: 0.9, ageP99Max: 0.93 },
    ],
  },
  {
    title: 'two cores and 16 cameras, every frame, 200 ms',
    scenario: { ...devices.cores, cameras: alike(16), seconds: 20 },
    against: [
      { versus: 'fifo', goodMin: 100, p95Max: 0.05, ageMeanMax: 0.1, ageP99Max: 0.1 },
      {
        versus: 'fixed delay, timeout',
        goodMin: 0.97,
        p95Max: 0.45,
        ageMeanMax: 0.5,
        ageP99Max: 0.35,
      },
      { versus: 'earliest deadline', goodMin: 0.97, p95Max: 0.3, ageMeanMax: 0.3, ageP99Max: 0.15 },
      { versus: 'early drop', goodMin: 0.97, p95Max: 0.3, ageMeanMax: 0.4, ageP99Max: 0.3 },
      { versus: 'round robin', goodMin: 0.97, p95Max: 0.85, ageMeanMax: 0.97, ageP99Max: 1.05 },
    ],
  },
  {
    title: 'a GPU at half its capacity, 120 ms',
    scenario: { ...overloaded('gpu', 0.5), seconds: 15 },
    against: [
      { versus: 'fifo', goodMin: 0.95, p95Max: 0.6, ageMeanMax: 1.05, ageP99Max: 1.1 },
      {
        versus: 'fixed delay, timeout',
        goodMin: 0.95,
        p95Max: 1.05,
        ageMeanMax: 1.05,
        ageP99Max: 1.1,
      },
      { versus: 'round robin', goodMin: 0.97, p95Max: 1.1, ageMeanMax: 1.05, ageP99Max: 1.1 },
    ],
  },
]

for (const { title, scenario, against } of gates) {
  const of = (name: ContenderName): RunMetrics => measure(simulate(scenario, contenders[name]))
  const ours = of('ours')
  for (const { versus, goodMin, p95Max = Infinity, ageMeanMax, ageP99Max } of against)
    test(`On ${title}, ours against ${versus}.`, () => {
      const theirs = of(versus)
      const good = ours.goodFps / Math.max(1, theirs.goodFps)
      assert.ok(good >= goodMin, `${good} of the good results`)
      for (const [what, ratio, max] of [
        ['p95', ours.p95Ms / theirs.p95Ms, p95Max],
        ['mean age', ours.ageMeanMs / theirs.ageMeanMs, ageMeanMax],
        ['p99 of age', ours.ageP99Ms / theirs.ageP99Ms, ageP99Max],
      ] as const)
        assert.ok(ratio <= max, `${what}: ${ratio} of theirs`)
    })
}
