import type { HeadFamily } from '#gpu/heads/head-schema.ts'
import type { CatalogueCard, ModelInput } from '#gpu/model-card.ts'

type Input = Omit<ModelInput, 'size' | 'layout' | 'stride'>

export interface FamilyManners {
  readonly input: Input
  readonly thresholds: CatalogueCard['thresholds']
  /** Sides may follow the picture's aspect where the file leaves them free. */
  readonly isRectangular: boolean
}

const plain = { mean: [0, 0, 0], std: [1, 1, 1] } satisfies Partial<Input>
const unit = { colourOrder: 'rgb', scale: 1 / 255, ...plain } satisfies Partial<Input>
const detectionsMax = 300
const letterboxed: Input = { ...unit, fit: 'letterbox-centre', padValue: 114 }
const stretched: Input = { ...unit, fit: 'stretch', padValue: 0 }

/** What the trainers of each family feed it, where nobody says otherwise. */
export const familyManners: Readonly<Record<HeadFamily, FamilyManners>> = {
  yolox: {
    input: { colourOrder: 'bgr', scale: 1, ...plain, fit: 'letterbox-topleft', padValue: 114 },
    thresholds: { score: 0.3, iou: 0.45, detectionsMax },
    isRectangular: true,
  },
  yolov8: {
    input: letterboxed,
    thresholds: { score: 0.3, iou: 0.45, detectionsMax },
    isRectangular: true,
  },
  'end-to-end': {
    input: letterboxed,
    thresholds: { score: 0.3, iou: 1, detectionsMax },
    isRectangular: true,
  },
  detr: {
    input: stretched,
    thresholds: { score: 0.4, iou: 1, detectionsMax },
    isRectangular: false,
  },
  'detr-raw': {
    input: stretched,
    thresholds: { score: 0.4, iou: 1, detectionsMax },
    isRectangular: false,
  },
  nanodet: {
    // Of BGR bytes (nanodet/config/nanodet-m.yml).
    input: {
      colourOrder: 'bgr',
      scale: 1,
      mean: [103.53, 116.28, 123.675],
      std: [57.375, 57.12, 58.395],
      fit: 'letterbox-centre',
      padValue: 0,
    },
    thresholds: { score: 0.35, iou: 0.45, detectionsMax },
    isRectangular: false,
  },
}

/** ImageNet's mean and deviation, of bytes / 255: RF-DETR, whose outputs are called `dets` and `labels`. */
export const imagenetInput = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} satisfies Partial<Input>
