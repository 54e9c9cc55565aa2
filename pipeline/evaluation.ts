import type { CocoResult } from './coco-map.ts'
import type { KittiResult } from './kitti-ap.ts'
import type { BatchLatency } from './measure-latency.ts'

/** What detected; null: somebody else's file of detections was read. */
export interface EvaluatedModel {
  readonly name: string
  readonly sha256: string
  readonly executionProvider: string
  /** From which on boxes were counted. */
  readonly scoreMin: number
}

/** What `evaluate --json` prints. */
export type EvaluationDocument = {
  readonly model: EvaluatedModel | null
  readonly images: number
  readonly detections: number
  /** Boxes of classes that the ground truth does not have. */
  readonly leftOut: number
  /** Batches through the serving detector; null where they were not asked for. */
  readonly latency: readonly BatchLatency[] | null
} & (
  | ({ readonly protocol: 'coco' } & CocoResult)
  | { readonly protocol: 'kitti'; readonly ap: KittiResult }
)
