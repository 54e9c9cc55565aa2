import type { CatalogueCard } from '#gpu/model-card.ts'
import { imageAxes } from './image-axes.ts'
import type { OnnxFacts } from './onnx-facts.ts'
import type { PreparedAxes } from './prepare-graph.ts'

export interface AxesAttempt {
  readonly card: CatalogueCard
  readonly axes: PreparedAxes
}

/** Ways to prepare a file, the freest first; the last one changes nothing about its axes. */
export function axesAttempts(facts: OnnxFacts, card: CatalogueCard): readonly AxesAttempt[] {
  const { batch, width, height } = imageAxes(facts)
  const isFixed = width !== null && height !== null
  const fixed = isFixed ? { ...card, input: { ...card.input, size: { width, height } } } : card
  const asIs: AxesAttempt = { card: fixed, axes: { axes: 'none', batch: 1 } }
  if (facts.isDynamicallyQuantised) return [asIs]
  if (batch === null) return [{ card: fixed, axes: { axes: 'none', batch: 'free' } }, asIs]
  const freed: AxesAttempt = { card: fixed, axes: { axes: 'batch', batch: 'free' } }
  if (!isFixed || !('longSide' in card.input.size)) return [freed, asIs]
  return [{ card, axes: { axes: 'all', batch: 'free' } }, freed, asIs]
}

/** For people: what stayed fixed, and why. */
export function notesOfAxes(
  facts: OnnxFacts,
  taken: AxesAttempt,
  failures: readonly string[],
): readonly string[] {
  const { size } = taken.card.input
  const notes: string[] = []
  if (!('longSide' in size))
    notes.push(
      `the file takes ${size.width}x${size.height} and no other size: pictures of other aspects are padded or stretched to it`,
    )
  if (taken.axes.batch === 1)
    notes.push(
      facts.isDynamicallyQuantised
        ? 'one picture a run: quantised with ranges of the whole batch, a picture would depend on its neighbours'
        : `one picture a run: ${failures.at(-1) ?? 'so it was exported'}`,
    )
  return notes
}
