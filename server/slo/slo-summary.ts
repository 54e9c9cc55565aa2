import { assert } from '#std/assert.ts'
import { isWorse } from './burn-rate.ts'
import { type ObjectiveIndicator, objectiveIndicators } from './objectives.ts'
import type { CameraReport, MeasuredIndicators, SloReport } from './slo-report.ts'

/** More names than these are not told at once. */
const namesMax = 5

const troubles: Readonly<Record<ObjectiveIndicator, string>> = {
  freshness: 'the newest results are too old',
  timeliness: 'results come later than the latency budget',
  goodput: 'frames that are to be detected are not, or not in time',
  availability: 'no connection',
}

/** What somebody has to know first who was woken by it: what is wrong, since when about, where, and what is so now. */
export function sloSummary(
  report: SloReport,
  /** Cameras that get fewer results than configured. */
  shed: readonly { readonly cameraId: string; readonly reason: string }[],
): string {
  const { cameras, total } = report
  if (cameras.length === 0) return 'There are no cameras.'
  const away = cameras.filter((camera) => !camera.isLive)
  const stale = cameras.filter((camera) => camera.isLive && !camera.isFresh)
  const reasons = [...new Set(shed.map(({ reason }) => reason))].join(', ')
  return [
    ...alarms(total, report),
    ...some(stale, cameras, 'have no fresh results now'),
    ...some(away, cameras, 'are away now'),
    ...some(shed, cameras, `get fewer results than configured (${reasons})`),
  ].join(' ')
}

function alarms(total: MeasuredIndicators, report: SloReport): string[] {
  if (total.verdict !== 'ok')
    return [`${total.verdict === 'page' ? 'Page' : 'Ticket'}: ${trouble(total)}`, ...worst(report)]
  const said = worst(report)
  return said.length > 0 ? said : ['No error budget is spent too fast.']
}

function worst({ cameras, worstCamera }: SloReport): string[] {
  const camera = cameras.find(({ cameraId }) => cameraId === worstCamera?.cameraId)
  if (camera === undefined || worstCamera === null || worstCamera.verdict === 'ok') return []
  return [`Ticket: camera ${camera.cameraId}: ${trouble(camera.indicators)}`]
}

/** Of the worst of its objectives; it has one that is not ok. */
function trouble({ objectives }: MeasuredIndicators): string {
  const [first, ...others] = objectiveIndicators
  let indicator: ObjectiveIndicator = first
  for (const other of others)
    if (isWorse(objectives[other].judgement, objectives[indicator].judgement)) indicator = other
  const { burn, judgement } = objectives[indicator]
  const { because } = judgement
  assert(because !== null, 'an alarm has its rule')
  const times = Math.round(Math.min(burn[because.long], burn[because.short]) * 10) / 10
  return `${troubles[indicator]}; the error budget is spent ${times} times too fast over ${because.long} and ${because.short}.`
}

function some(
  which: readonly Pick<CameraReport, 'cameraId'>[],
  all: readonly unknown[],
  what: string,
): string[] {
  if (which.length === 0) return []
  const names = which.slice(0, namesMax).map(({ cameraId }) => cameraId)
  if (which.length > namesMax) names.push('…')
  return [`${which.length} of ${all.length} cameras ${what}: ${names.join(', ')}.`]
}
