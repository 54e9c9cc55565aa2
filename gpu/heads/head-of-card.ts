import { unreachable } from '#std/assert.ts'
import type { ModelCard } from '../model-card.ts'
import type { Head } from './head.ts'
import { yoloxHead } from './yolox.ts'

/** Families by name; another one is a file beside `yolox.ts`, a case here and one in the card's schema. */
export function headOfCard(card: Pick<ModelCard, 'head' | 'classes' | 'thresholds'>): Head {
  switch (card.head.family) {
    case 'yolox':
      return yoloxHead({
        strides: card.head.strides,
        classCount: card.classes.length,
        score: card.thresholds.score,
      })
    default:
      return unreachable(card.head.family)
  }
}
