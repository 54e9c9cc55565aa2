/** A labelled object; pixels, 0-based. `type` is one of KITTI's nine words. */
export interface KittiObject {
  readonly type: string
  /** 0..1, share outside of the picture. */
  readonly truncated: number
  /** 0 visible, 1 partly, 2 largely occluded, 3 unknown. */
  readonly occluded: number
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface KittiDetection {
  readonly type: string
  readonly score: number
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export const kittiClasses = ['Car', 'Pedestrian', 'Cyclist'] as const
export type KittiClass = (typeof kittiClasses)[number]

export const kittiDifficulties = ['easy', 'moderate', 'hard'] as const
export type KittiDifficulty = (typeof kittiDifficulties)[number]

interface ClassRule {
  /** An overlap must be larger. */
  readonly overlapMin: number
  /** A class so like it that finding one is no fault. */
  readonly neighbour: string | null
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
      if (isCalled(object, neighbour)) return 'ignored'
      if (!isCalled(object, name)) return 'other'
      const isEasyEnough =
        object.occluded <= occludedMax &&
        object.truncated <= truncatedMax &&
        object.bottom - object.top >= heightMin
      return isEasyEnough ? 'wanted' : 'ignored'
    },
    /** The height comes before the class: so the kit has it, and a low box of any class may cover an object. */
    roleOfDetection(detection) {
      if (Math.abs(detection.bottom - detection.top) < heightMin) return 'ignored'
      return isCalled(detection, name) ? 'wanted' : 'other'
    },
  }
}

/** A region whose objects nobody labelled. */
export function isDontCare(object: KittiObject): boolean {
  return isCalled(object, 'DontCare')
}

/** The kit compares without regard to case. */
function isCalled({ type }: { readonly type: string }, name: string | null): boolean {
  return type.toLowerCase() === name?.toLowerCase()
}
