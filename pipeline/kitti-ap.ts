import { countAt, type KittiFrame, scoresOfFound } from './kitti-match.ts'
import { type KittiClass, type KittiDifficulty, kittiRules } from './kitti-rules.ts'

/** 0..1. */
export interface KittiAp {
  /** Mean precision at the recalls 1/40, 2/40, .. 1: the benchmark's since 2019. */
  readonly r40: number
  /** At 0, .1, .. 1: older papers'. */
  readonly r11: number
  /** To be found. */
  readonly objects: number
}

/** Null where the ground truth has no such object. */
export type KittiResult = Readonly<
  Record<KittiClass, Readonly<Record<KittiDifficulty, KittiAp | null>>>
>

/** Recalls 0, 1/40, .. 1. */
const samples = 41

/**
 * Average precision of the KITTI object benchmark for boxes in the picture, by the rules of its development kit: the
 * precision is taken at the scores at which recall is nearest to each of 41 samples, and is the best at that recall
 * or a higher one.
 */
export function kittiAp(frames: readonly KittiFrame[]): KittiResult {
  const byDifficulty = (name: KittiClass): KittiResult[KittiClass] => ({
    easy: averagePrecision(frames, name, 'easy'),
    moderate: averagePrecision(frames, name, 'moderate'),
    hard: averagePrecision(frames, name, 'hard'),
  })
  return {
    Car: byDifficulty('Car'),
    Pedestrian: byDifficulty('Pedestrian'),
    Cyclist: byDifficulty('Cyclist'),
  }
}

function averagePrecision(
  frames: readonly KittiFrame[],
  name: KittiClass,
  difficulty: KittiDifficulty,
): KittiAp | null {
  const rules = kittiRules(name, difficulty)
  let objects = 0
  const scores: number[] = []
  for (const frame of frames) {
    objects += frame.truth.filter((object) => rules.roleOfObject(object) === 'wanted').length
    scores.push(...scoresOfFound(frame, rules))
  }
  if (objects === 0) return null
  const precision = new Float64Array(samples)
  for (const [index, score] of scoresAtSamples(scores, objects).entries()) {
    let found = 0
    let wrong = 0
    for (const frame of frames) {
      const counts = countAt(frame, rules, score)
      found += counts.found
      wrong += counts.wrong
    }
    precision[index] = found === 0 ? 0 : found / (found + wrong)
  }
  for (let i = samples - 1; i > 0; i--)
    precision[i - 1] = Math.max(precision[i - 1] ?? 0, precision[i] ?? 0)
  const mean = (indices: readonly number[]): number =>
    indices.reduce((sum, index) => sum + (precision[index] ?? 0), 0) / indices.length
  const every = Array.from({ length: samples }, (_, index) => index)
  return {
    r40: mean(every.filter((index) => index > 0)),
    r11: mean(every.filter((index) => index % 4 === 0)),
    objects,
  }
}

/** The scores, best first, whose recall is nearest to the samples 0, 1/40, ..; at most 41, fewer where recall ends. */
function scoresAtSamples(found: readonly number[], objects: number): readonly number[] {
  const scores = found.toSorted((a, b) => b - a)
  const chosen: number[] = []
  let sample = 0
  for (const [index, score] of scores.entries()) {
    const isLast = index === scores.length - 1
    const recall = (index + 1) / objects
    const next = isLast ? recall : (index + 2) / objects
    if (next - sample < sample - recall && !isLast) continue
    chosen.push(score)
    sample += 1 / (samples - 1)
  }
  return chosen
}
