import type { Run } from './run.ts'
import type { RunMetrics } from './run-metrics.ts'
import type { Scenario } from './scenario.ts'

const columns: readonly {
  readonly title: string
  readonly width: number
  readonly text: (metrics: RunMetrics) => string
}[] = [
  { title: 'good/s', width: 8, text: ({ goodFps }) => goodFps.toFixed(1) },
  { title: 'all/s', width: 8, text: ({ resultsFps }) => resultsFps.toFixed(1) },
  { title: 'on time', width: 9, text: ({ onTime }) => percent(onTime) },
  { title: 'p50', width: 7, text: ({ p50Ms }) => p50Ms.toFixed(0) },
  { title: 'p95', width: 7, text: ({ p95Ms }) => p95Ms.toFixed(0) },
  { title: 'p99 ms', width: 7, text: ({ p99Ms }) => p99Ms.toFixed(0) },
  { title: 'AoI mean', width: 10, text: ({ ageMeanMs }) => ageMeanMs.toFixed(0) },
  { title: 'p99', width: 7, text: ({ ageP99Ms }) => ageP99Ms.toFixed(0) },
  { title: 'worst', width: 7, text: ({ ageWorstMs }) => ageWorstMs.toFixed(0) },
  { title: 'fresh, worst', width: 14, text: ({ freshWorst }) => percent(freshWorst) },
  { title: 'Jain', width: 7, text: ({ jain }) => jain.toFixed(3) },
  { title: 'batch', width: 7, text: ({ batchMean }) => batchMean.toFixed(1) },
  { title: 'busy', width: 6, text: ({ utilization }) => utilization.toFixed(2) },
]
const nameWidth = 22

/** The scenario in a line, and the heads of the columns. Ages and latencies are in milliseconds. */
export function printTitle(name: string, scenario: Scenario): void {
  const { cameras, sessions, batchMax, mode, budgetMs, alphaMs, betaMs } = scenario
  const offeredFps = cameras.reduce((sum, { fps }) => sum + fps, 0)
  print(
    `\n${name}: ${cameras.length} cameras, ${offeredFps.toFixed(0)} frames/s, budget ${budgetMs} ms, ` +
      `${sessions} x (${alphaMs} b + ${betaMs}) ms, b <= ${batchMax}, ${mode}`,
  )
  const titles = columns.map(({ title, width }) => title.padStart(width))
  print(' '.repeat(nameWidth) + titles.join(''))
}

export function printRow(name: string, metrics: RunMetrics): void {
  const cells = columns.map(({ text, width }) => text(metrics).padStart(width))
  const { superseded, late, paced, open, detected } = metrics.outcomes
  const outcomes = `  detected ${detected}, superseded ${superseded}, late ${late}, paced ${paced}, open ${open}`
  print(name.padEnd(nameWidth) + cells.join('') + outcomes)
}

/** Where not all cameras are alike: what each weight and class got. */
export function printGroups(run: Run, metrics: RunMetrics): void {
  const live = run.scenario.cameras.filter((one) => one.class === 'live')
  const weights = [...new Set(live.map(({ weight }) => weight))]
  for (const weight of weights.length > 1 ? weights : []) {
    const mine = metrics.cameras.filter((one) => one.weight === weight)
    const mean = (value: (one: (typeof mine)[number]) => number): number =>
      mine.reduce((sum, one) => sum + value(one), 0) / mine.length
    const fps = mean(({ goodFps }) => goodFps).toFixed(1)
    const ageMs = mean(({ ageMeanMs }) => ageMeanMs).toFixed(0)
    const fresh = percent(mean((one) => one.fresh))
    print(`  weight ${weight}: ${fps} good/s each, AoI mean ${ageMs} ms, fresh ${fresh}`)
  }
  const spare = run.batches.filter(({ isSpare }) => isSpare)
  if (spare.length > 0) {
    const share =
      spare.reduce((sum, { ms }) => sum + ms, 0) /
      (run.scenario.seconds * 1000 * run.scenario.sessions)
    print(`  spare: ${percent(share)} of the device's time, ${spare.length} batches`)
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
