import { isWorse, type Judgement, worstVerdict } from './burn-rate.ts'
import type { Verdict } from './burn-windows.ts'
import type { CameraMeasurement } from './camera-measurement.ts'
import { fairShares, fairnessIndex } from './fairness.ts'
import type { GoodTotal } from './good-total.ts'
import type { IndicatorCounts } from './indicator-counts.ts'
import type { IndicatorHistory, IndicatorState } from './indicator-history.ts'
import { type ObjectiveIndicator, objectiveIndicators } from './objectives.ts'
import type { TotalMeasurement } from './total-measurement.ts'

export type ObjectiveState = IndicatorState & { readonly counts: Readonly<GoodTotal> }

export interface MeasuredIndicators {
  readonly objectives: Readonly<Record<ObjectiveIndicator, ObjectiveState>>
  readonly overload: Readonly<GoodTotal>
  /** The worst of the objectives'. */
  readonly verdict: Verdict
}

export interface CameraReport {
  readonly cameraId: string
  readonly addedAtMs: number
  readonly isLive: boolean
  readonly isFresh: boolean
  readonly ageOfInformationMs: number | null
  readonly freshnessLimitMs: number
  readonly latencyBudgetMs: number
  readonly demandedFps: number
  readonly resultFps: number
  /** Null while it was not live for the whole window. */
  readonly fairShareFps: number | null
  readonly indicators: MeasuredIndicators
}

export interface SloReport {
  readonly startedAtMs: number
  readonly atMs: number
  /** That of all together, or a ticket where a single camera has more than that. */
  readonly verdict: Verdict
  readonly fairness: number | null
  readonly total: MeasuredIndicators
  readonly cameras: readonly CameraReport[]
  /** The nearest to an alarm; null while no budget burns. */
  readonly worstCamera: {
    readonly cameraId: string
    readonly indicator: ObjectiveIndicator
    readonly verdict: Verdict
  } | null
}

/** Everything as of `nowMs`; what was counted must have been settled. */
export function sloReport(from: {
  readonly cameras: readonly CameraMeasurement[]
  readonly total: TotalMeasurement
  readonly startedAtMs: number
  readonly nowMs: number
}): SloReport {
  const { total, startedAtMs, nowMs } = from
  const { index, shareOf } = fairnessOf(from.cameras, nowMs)
  const cameras = from.cameras.map((camera): CameraReport => {
    const { counters } = camera
    const share = shareOf.get(camera)
    return {
      cameraId: counters.objective.cameraId,
      addedAtMs: camera.addedAtMs,
      isLive: counters.isLive,
      isFresh: counters.isFresh(nowMs),
      ageOfInformationMs: counters.ageMs(nowMs),
      freshnessLimitMs: counters.freshnessLimitMs,
      latencyBudgetMs: counters.objective.latencyBudgetMs,
      ...camera.rates.perSecond(nowMs),
      fairShareFps: share ?? null,
      indicators: measured(counters.counts, camera.history, nowMs),
    }
  })
  const all = measured(total.counts, total.history, nowMs)
  const worstCamera = worstOf(cameras)
  const isCameraBad = worstCamera !== null && worstCamera.verdict !== 'ok'
  return {
    startedAtMs,
    atMs: nowMs,
    verdict: worstVerdict([all.verdict, isCameraBad ? 'ticket' : 'ok']),
    fairness: index,
    total: all,
    cameras,
    worstCamera,
  }
}

/** Jain's index, null where there is none, and each camera's fair share, a second. */
export function fairnessOf(
  cameras: readonly CameraMeasurement[],
  nowMs: number,
): { index: number | null; shareOf: ReadonlyMap<CameraMeasurement, number> } {
  const sharing = cameras
    .filter(({ rates }) => rates.isWhole(nowMs))
    .map((camera) => {
      const { demandedFps, resultFps } = camera.rates.perSecond(nowMs)
      const { weight } = camera.counters.objective
      return { camera, demanded: demandedFps, delivered: resultFps, weight }
    })
  const shares = fairShares(sharing)
  return {
    index: fairnessIndex(sharing),
    shareOf: new Map(sharing.map(({ camera }, i) => [camera, shares[i] ?? 0])),
  }
}

function measured(
  counts: IndicatorCounts,
  history: IndicatorHistory,
  nowMs: number,
): MeasuredIndicators {
  const state = (indicator: ObjectiveIndicator): ObjectiveState => ({
    ...history.state(indicator, nowMs),
    counts: { ...counts[indicator] },
  })
  const availability = state('availability')
  const objectives = {
    freshness: state('freshness'),
    timeliness: state('timeliness'),
    goodput: state('goodput'),
    availability: { ...availability, judgement: atMostTicket(availability) },
  }
  return {
    objectives,
    overload: { ...counts.overload },
    verdict: worstVerdict(objectiveIndicators.map((each) => objectives[each].judgement.verdict)),
  }
}

/** A camera that is away is its own doing as a rule, and wakes nobody. */
function atMostTicket({ judgement }: IndicatorState): Judgement {
  return judgement.verdict === 'page' ? { ...judgement, verdict: 'ticket' } : judgement
}

function worstOf(cameras: readonly CameraReport[]): SloReport['worstCamera'] {
  let worst: SloReport['worstCamera'] = null
  let worstJudgement: Judgement = { verdict: 'ok', because: null, pressure: 0 }
  for (const { cameraId, indicators } of cameras)
    for (const indicator of objectiveIndicators) {
      const { judgement } = indicators.objectives[indicator]
      if (!isWorse(judgement, worstJudgement)) continue
      worstJudgement = judgement
      worst = { cameraId, indicator, verdict: judgement.verdict }
    }
  return worst
}
