import { classColour } from '../look/class-colour.ts'
import type { DetectionsMatch } from './camera-screen.ts'

export interface ClassCount {
  readonly label: string
  readonly count: number
}

/** More labels than COCO has do not make a bar more useful. */
const classesMax = 80

/**
 * Boxes on the displayed pictures by class. A class that was seen once stays, with 0, so that nothing moves under a
 * person's pointer; in the order of the colours, then of the first sight.
 */
export function countClasses(
  before: readonly ClassCount[],
  matches: readonly DetectionsMatch[],
): ClassCount[] {
  const counts = new Map(before.map(({ label }) => [label, 0]))
  for (const match of matches) {
    if (match.kind === 'none') continue
    for (const { label } of match.detections.objects)
      counts.set(label, (counts.get(label) ?? 0) + 1)
  }
  return [...counts]
    .map(([label, count]) => ({ label, count }))
    .sort((a, b) => classColour(a.label) - classColour(b.label))
    .slice(0, classesMax)
}
