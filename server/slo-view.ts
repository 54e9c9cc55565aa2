import type { CameraView } from '#protocol/api.ts'
import type { FrameCounts } from '#protocol/frame-counts.ts'
import type { SloCamera, SloView } from '#protocol/slo.ts'
import type { Clock } from '#std/clock.ts'
import type { GoodTotal } from './slo/good-total.ts'
import { fairnessObjective, overloadAbove } from './slo/objectives.ts'
import type {
  CameraReport,
  MeasuredIndicators,
  ObjectiveState,
  SloReport,
} from './slo/slo-report.ts'
import { sloSummary } from './slo/slo-summary.ts'

/** `GET /api/slo`: how the server stands against its objectives, as it is now. */
export function sloView(from: {
  readonly report: SloReport
  readonly cameras: readonly CameraView[]
  readonly utilization: number
  readonly clock: Clock
}): SloView {
  const { report, utilization, clock } = from
  // The report counts on the monotonic clock.
  const offsetMs = clock.wallTimeMs() - clock.nowMs()
  const wallTime = (atMs: number): string => new Date(atMs + offsetMs).toISOString()
  const reports = new Map(report.cameras.map((each) => [each.cameraId, each]))
  const cameras = from.cameras.flatMap((view) => {
    const each = reports.get(view.id)
    return each === undefined ? [] : [cameraOf(each, view, wallTime(each.addedAtMs))]
  })
  const shed = from.cameras.flatMap(({ id, shed: why }) =>
    why === null ? [] : [{ cameraId: id, reason: why.reason }],
  )
  const sum = (of: (camera: SloCamera) => number): number =>
    rounded(
      cameras.reduce((all, each) => all + of(each), 0),
      2,
    )
  return {
    summary: sloSummary(report, shed),
    verdict: report.verdict,
    at: wallTime(report.atMs),
    since: wallTime(report.startedAtMs),
    worstCamera: worstCameraOf(report),
    load: { utilization: rounded(utilization, 3), overloadAbove },
    ageOfInformation: agesOf(report),
    demandedFps: sum(({ demandedFps }) => demandedFps),
    resultFps: sum(({ resultFps }) => resultFps),
    fairness: { index: roundedOrNull(report.fairness, 4), objective: fairnessObjective },
    shedCameras: shed.length,
    frames: framesOf(cameras),
    total: indicatorsOf(report.total),
    cameras,
  }
}

function cameraOf(report: CameraReport, view: CameraView, since: string): SloCamera {
  return {
    camera: view.id,
    since,
    state: view.state,
    verdict: report.indicators.verdict,
    ageOfInformationMs: roundedOrNull(report.ageOfInformationMs, 0),
    freshnessLimitMs: rounded(report.freshnessLimitMs, 0),
    latencyBudgetMs: report.latencyBudgetMs,
    demandedFps: rounded(report.demandedFps, 2),
    resultFps: rounded(report.resultFps, 2),
    fairShareFps: roundedOrNull(report.fairShareFps, 2),
    shed: view.shed,
    frames: view.frames,
    indicators: indicatorsOf(report.indicators),
  }
}

function indicatorsOf({ objectives, overload }: MeasuredIndicators): SloView['total'] {
  return {
    freshness: objectiveOf(objectives.freshness),
    timeliness: objectiveOf(objectives.timeliness),
    goodput: objectiveOf(objectives.goodput),
    availability: objectiveOf(objectives.availability),
    overload: { ...overload, ratio: ratioOf(overload) },
  }
}

function objectiveOf(state: ObjectiveState): SloView['total']['freshness'] {
  const { counts, objective, judgement, burn } = state
  return {
    ...counts,
    ratio: ratioOf(counts),
    objective,
    budgetLeft: roundedOrNull(state.budgetLeft, 4),
    burn: {
      '5m': rounded(burn['5m'], 2),
      '30m': rounded(burn['30m'], 2),
      '1h': rounded(burn['1h'], 2),
      '6h': rounded(burn['6h'], 2),
      '3d': rounded(burn['3d'], 2),
    },
    verdict: judgement.verdict,
    because: judgement.because,
  }
}

/** A result can be counted an instant before the frame that another one is asked for. */
function ratioOf({ good, total }: Readonly<GoodTotal>): number | null {
  return total === 0 ? null : rounded(Math.min(1, good / total), 6)
}

function worstCameraOf({ worstCamera }: SloReport): SloView['worstCamera'] {
  if (worstCamera === null) return null
  const { cameraId, indicator, verdict } = worstCamera
  return { camera: cameraId, indicator, verdict }
}

function agesOf({ cameras }: SloReport): SloView['ageOfInformation'] {
  const ages = cameras.flatMap(({ cameraId, isLive, ageOfInformationMs: ageMs }) =>
    isLive && ageMs !== null ? [{ cameraId, ageMs }] : [],
  )
  const [first, ...others] = ages
  if (first === undefined) return null
  const worst = others.reduce((a, b) => (b.ageMs > a.ageMs ? b : a), first)
  const sumMs = ages.reduce((all, { ageMs }) => all + ageMs, 0)
  return {
    meanMs: rounded(sumMs / ages.length, 0),
    worstMs: rounded(worst.ageMs, 0),
    worstCamera: worst.cameraId,
  }
}

function framesOf(cameras: readonly SloCamera[]): FrameCounts {
  const sum = (key: keyof FrameCounts): number =>
    cameras.reduce((all, { frames }) => all + frames[key], 0)
  return {
    received: sum('received'),
    detected: sum('detected'),
    superseded: sum('superseded'),
    late: sum('late'),
    paced: sum('paced'),
    damaged: sum('damaged'),
    failed: sum('failed'),
    inFlight: sum('inFlight'),
  }
}

function rounded(value: number, digits: number): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}

function roundedOrNull(value: number | null, digits: number): number | null {
  return value === null ? null : rounded(value, digits)
}
