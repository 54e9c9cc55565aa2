import type { Run, SimulatedFrame } from './run.ts'
import { freshnessTargetMs, type Scenario, type SimulatedCamera } from './scenario.ts'

/** What a policy made of a scenario, without its first seconds. */
export interface RunMetrics {
  readonly resultsFps: number
  /** Results a second inside the budget that were newer than what was there. */
  readonly goodFps: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  /** Age of information: now - capture of the newest result, over all cameras and all time. */
  readonly ageMeanMs: number
  readonly ageP99Ms: number
  /** The worst camera's own. */
  readonly ageWorstMs: number
  /** Share of the worst camera's time in which its age was inside the freshness target. */
  readonly freshWorst: number
  /** Share of delivered results inside the budget. */
  readonly onTime: number
  /** Over rate / max-min fair share. */
  readonly jain: number
  readonly batchMean: number
  readonly utilization: number
  /** All frames of the whole run; `open` still waited or ran at the end. */
  readonly outcomes: Readonly<Record<'detected' | 'superseded' | 'late' | 'paced' | 'open', number>>
  /** The live ones. */
  readonly cameras: readonly CameraMetrics[]
}

export interface CameraMetrics {
  readonly weight: number
  readonly goodFps: number
  readonly ageMeanMs: number
  readonly ageP99Ms: number
  readonly fresh: number
}

const ageSampleMs = 10

/** Of what was delivered after `warmMs`. */
export function measure(run: Run, warmMs = 5_000): RunMetrics {
  const { scenario, frames } = run
  const endMs = scenario.seconds * 1000
  const delivered = frames.filter(
    ({ outcome, endedAtMs }) => outcome === 'detected' && endedAtMs >= warmMs && endedAtMs <= endMs,
  )
  const latencies = sorted(delivered.map(({ endedAtMs, capturedAtMs }) => endedAtMs - capturedAtMs))
  const byCamera = scenario.cameras.map((): SimulatedFrame[] => [])
  for (const frame of frames) if (frame.outcome === 'detected') byCamera[frame.camera]?.push(frame)
  const live = scenario.cameras.flatMap((camera, index) =>
    camera.class === 'live' && camera.onAtMs + 1_000 < endMs && camera.offAtMs > warmMs
      ? [{ camera, frames: byCamera[index] ?? [] }]
      : [],
  )
  const ages: number[] = []
  const cameras = live.map((one) => measureCamera({ ...one, scenario, warmMs }, ages))
  const seconds = (endMs - warmMs) / 1000
  const batches = run.batches.filter(({ startAtMs }) => startAtMs >= warmMs)
  const sortedAges = sorted(ages)
  const inBudget = latencies.filter((ms) => ms <= scenario.budgetMs).length
  return {
    resultsFps: delivered.length / seconds,
    goodFps: sum(cameras.map(({ goodFps }) => goodFps)),
    p50Ms: quantile(latencies, 0.5),
    p95Ms: quantile(latencies, 0.95),
    p99Ms: quantile(latencies, 0.99),
    ageMeanMs: sum(ages) / ages.length,
    ageP99Ms: quantile(sortedAges, 0.99),
    ageWorstMs: Math.max(...cameras.map(({ ageP99Ms }) => ageP99Ms)),
    freshWorst: Math.min(...cameras.map(({ fresh }) => fresh)),
    onTime: inBudget / Math.max(1, latencies.length),
    jain: jainOf(
      cameras.map(({ goodFps }) => goodFps),
      live.map(({ camera }) => camera.fps),
    ),
    batchMean: sum(batches.map((batch) => batch.cameras.length)) / Math.max(1, batches.length),
    utilization: sum(batches.map(({ ms }) => ms)) / (seconds * 1000 * scenario.sessions),
    outcomes: countOutcomes(frames),
    cameras,
  }
}

function measureCamera(
  {
    camera,
    frames,
    scenario,
    warmMs,
  }: {
    readonly camera: SimulatedCamera
    readonly frames: readonly SimulatedFrame[]
    readonly scenario: Scenario
    readonly warmMs: number
  },
  ages: number[],
): CameraMetrics {
  const fromMs = Math.max(warmMs, camera.onAtMs + 1_000)
  const toMs = Math.min(scenario.seconds * 1000, camera.offAtMs)
  const targetMs = freshnessTargetMs(camera, scenario.budgetMs)
  const newer: SimulatedFrame[] = []
  for (const frame of frames.toSorted((a, b) => a.endedAtMs - b.endedAtMs))
    if (frame.capturedAtMs > (newer.at(-1)?.capturedAtMs ?? -1)) newer.push(frame)
  const good = newer.filter(
    ({ capturedAtMs, endedAtMs }) =>
      endedAtMs >= fromMs && endedAtMs <= toMs && endedAtMs <= capturedAtMs + scenario.budgetMs,
  )
  const own: number[] = []
  let next = 0
  let captureAtMs = camera.onAtMs
  let fresh = 0
  for (let atMs = fromMs; atMs < toMs; atMs += ageSampleMs) {
    for (; (newer[next]?.endedAtMs ?? Infinity) <= atMs; next++)
      captureAtMs = newer[next]?.capturedAtMs ?? 0
    const ageMs = atMs - captureAtMs
    own.push(ageMs)
    ages.push(ageMs)
    if (ageMs <= targetMs) fresh++
  }
  return {
    weight: camera.weight,
    goodFps: good.length / ((toMs - fromMs) / 1000),
    ageMeanMs: sum(own) / own.length,
    ageP99Ms: quantile(sorted(own), 0.99),
    fresh: fresh / own.length,
  }
}

function countOutcomes(frames: readonly SimulatedFrame[]): RunMetrics['outcomes'] {
  const outcomes = { detected: 0, superseded: 0, late: 0, paced: 0, open: 0 }
  for (const { outcome } of frames) outcomes[outcome ?? 'open']++
  return outcomes
}

/** Jain's index over what each got of its max-min fair share of the whole; 0 when nobody got anything. */
function jainOf(ratesFps: readonly number[], wantedFps: readonly number[]): number {
  const shares = fairShares(sum(ratesFps), wantedFps)
  const parts = ratesFps.map((fps, index) => fps / Math.max(1e-9, shares[index] ?? 0))
  const squares = sum(parts.map((part) => part * part))
  return squares === 0 ? 0 : sum(parts) ** 2 / (parts.length * squares)
}

function fairShares(totalFps: number, wantedFps: readonly number[]): number[] {
  const shares = wantedFps.map(() => 0)
  let leftFps = totalFps
  const order = wantedFps.map((_, index) => index)
  order.sort((a, b) => (wantedFps[a] ?? 0) - (wantedFps[b] ?? 0))
  for (const [rank, index] of order.entries()) {
    const share = Math.min(wantedFps[index] ?? 0, leftFps / (order.length - rank))
    shares[index] = share
    leftFps -= share
  }
  return shares
}

function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort()
}

function quantile(values: Float64Array, q: number): number {
  return values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
