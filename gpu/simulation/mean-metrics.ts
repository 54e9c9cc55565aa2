import { assert } from '#std/assert.ts'
import type { RunMetrics } from './run-metrics.ts'

/** Of several rounds: means, and sums of the outcomes; the cameras are the first round's. */
export function meanOf(rounds: readonly RunMetrics[]): RunMetrics {
  const [first] = rounds
  assert(first !== undefined, 'a mean is of something')
  const mean = (value: (metrics: RunMetrics) => number): number =>
    rounds.reduce((sum, metrics) => sum + value(metrics), 0) / rounds.length
  const total = (outcome: keyof RunMetrics['outcomes']): number =>
    rounds.reduce((sum, { outcomes }) => sum + outcomes[outcome], 0)
  return {
    resultsFps: mean((metrics) => metrics.resultsFps),
    goodFps: mean((metrics) => metrics.goodFps),
    p50Ms: mean((metrics) => metrics.p50Ms),
    p95Ms: mean((metrics) => metrics.p95Ms),
    p99Ms: mean((metrics) => metrics.p99Ms),
    ageMeanMs: mean((metrics) => metrics.ageMeanMs),
    ageP99Ms: mean((metrics) => metrics.ageP99Ms),
    ageWorstMs: mean((metrics) => metrics.ageWorstMs),
    freshWorst: mean((metrics) => metrics.freshWorst),
    onTime: mean((metrics) => metrics.onTime),
    jain: mean((metrics) => metrics.jain),
    batchMean: mean((metrics) => metrics.batchMean),
    utilization: mean((metrics) => metrics.utilization),
    outcomes: {
      detected: total('detected'),
      superseded: total('superseded'),
      late: total('late'),
      paced: total('paced'),
      open: total('open'),
    },
    cameras: first.cameras,
  }
}
