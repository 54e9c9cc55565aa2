import { unreachable } from '#std/assert.ts'
import type { ModelCard } from '../model-card.ts'
import { detrHead } from './detr.ts'
import { detrRawHead } from './detr-raw.ts'
import { endToEndHead } from './end-to-end.ts'
import type { Head } from './head.ts'
import { nanodetHead } from './nanodet.ts'
import { yolov8Head } from './yolov8.ts'
import { yoloxHead } from './yolox.ts'

/** Families by name; another one is a file beside `yolox.ts`, a case here and one in `head-schema.ts`. */
export function headOfCard(card: Pick<ModelCard, 'head' | 'classes' | 'thresholds'>): Head {
  const { head } = card
  const known = { classCount: card.classes.length, score: card.thresholds.score }
  switch (head.family) {
    case 'yolox':
      return yoloxHead({ ...known, strides: head.strides })
    case 'yolov8':
      return yolov8Head(known)
    case 'end-to-end':
      return endToEndHead(known)
    case 'detr':
      return detrHead({ ...known, outputs: head.outputs, classIds: head.classIds ?? null })
    case 'detr-raw':
      return detrRawHead({ ...known, outputs: head.outputs, classIds: head.classIds ?? null })
    case 'nanodet':
      return nanodetHead({ ...known, levels: head.levels, cellCentre: head.cellCentre })
    default:
      return unreachable(head)
  }
}
