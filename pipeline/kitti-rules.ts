import type { Box } from '#datasets/box.ts'
import type { KittiObject, KittiType } from '#datasets/kitti-label.ts'

export interface KittiDetection {
  readonly type: KittiType
  readonly score: number
  /** 0-based pixels. */
  readonly box: Box
}

export const kittiClasses = ['Car', 'Pedestrian', 'Cyclist'] as const
export type KittiClass = (typeof kittiClasses)[number]

export const kittiDifficulties = ['easy', 'moderate', 'hard'] as const
export type KittiDifficulty = (typeof kittiDifficulties)[number]

interface ClassRule {
  /** An overlap must be larger. */
  readonly overlapMin: number
  /** A class so like it that finding one is no fault. */
  readonly neighbour: KittiType | null
}

/** Of the benchmark (https://www.cvlibs.net/datasets/kitti/eval_object.php) and its development kit. */
const classRules: Readonly<Record<KittiClass, ClassRule>> = {
  Car: { overlapMin: 0.7, neighbour: 'Van' },
  Pedestrian: { overlapMin: 0.5, neighbour: 'Person_sitting' },
  Cyclist: { overlapMin: 0.5, neighbour: null },
}

interface DifficultyRule {
  /** Pixels; that height itself counts, as the benchmark's page has it (copies of the kit differ there). */
  readonly heightMin: number
  readonly occludedMax: number
  readonly truncatedMax: number
}

const difficultyRules: Readonly<Record<KittiDifficulty, DifficultyRule>> = {
  easy: { heightMin: 40, occludedMax: 0, truncatedMax: 0.15 },
  moderate: { heightMin: 25, occludedMax: 1, truncatedMax: 0.3 },
  hard: { heightMin: 25, occludedMax: 2, truncatedMax: 0.5 },
}

/** `wanted`: to be found. `ignored`: may be found, counts for nothing. `other`: does not exist here. */
export type KittiRole = 'wanted' | 'ignored' | 'other'

export interface KittiRules {
  readonly overlapMin: number
  roleOfObject(object: KittiObject): KittiRole
  roleOfDetection(detection: KittiDetection): KittiRole
}

export function kittiRules(name: KittiClass, difficulty: KittiDifficulty): KittiRules {
  const { overlapMin, neighbour } = classRules[name]
  const { heightMin, occludedMax, truncatedMax } = difficultyRules[difficulty]
  return {
    overlapMin,
    roleOfObject(object) {
      if (object.type === neighbour) return 'ignored'
      if (object.type !== name) return 'other'
      const isEasyEnough =
        object.occluded <= occludedMax &&
        object.truncated <= truncatedMax &&
        heightOf(object) >= heightMin
      return isEasyEnough ? 'wanted' : 'ignored'
    },
    /** The height comes before the class: so the kit has it, and a low box of any class may cover an object. */
    roleOfDetection(detection) {
      if (heightOf(detection) < heightMin) return 'ignored'
      return detection.type === name ? 'wanted' : 'other'
    },
  }
}

function heightOf({ box }: { readonly box: Box }): number {
  return box.bottom - box.top
}
