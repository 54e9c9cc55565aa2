import type { ModelCard } from '#gpu/model-card.ts'
import type { ToldBox } from './reference-model.ts'

/** What `Model.run` gives for a picture, in the reference's words. */
export function toldByModel(
  values: Float32Array,
  card: Pick<ModelCard, 'classes'>,
): readonly ToldBox[] {
  const told: ToldBox[] = []
  for (let at = 0; at < values.length; at += 6) {
    const [classIndex = 0, score = 0, left = 0, top = 0, width = 0, height = 0] =
      values.subarray(at)
    const className = card.classes[classIndex] ?? '?'
    told.push({ className, score, left, top, right: left + width, bottom: top + height })
  }
  return told
}
