import type { HeadCard, HeadFamily } from '#gpu/heads/head-schema.ts'
import { type CatalogueCard, catalogueCardSchema, type ModelInput } from '#gpu/model-card.ts'
import type { CardOverrides } from './card-overrides.ts'
import type { ClassNames } from './class-names.ts'
import { classesOf, withClassIds } from './classes-of-onnx.ts'
import { familyManners, imagenetInput } from './family-manners.ts'
import { guessHead } from './guess-head.ts'
import { imageAxes } from './image-axes.ts'
import { inputSizeOf } from './input-size.ts'
import type { OnnxFacts } from './onnx-facts.ts'
import { PrepareError } from './prepare-error.ts'

/** What a person said of a file, and what the file is. */
export interface CardAnswers {
  readonly name: string
  readonly head: HeadFamily | null
  readonly classes: ClassNames | null
  readonly size: ModelInput['size'] | null
  readonly overrides: CardOverrides
  readonly file: { readonly name: string; readonly bytes: number; readonly sha256: string }
  /** Photo and picture of the self-test. */
  readonly scene: Pick<CatalogueCard['selfTest'], 'photo' | 'picture'>
}

/** Another machine's INT8 kernels saturate elsewhere; half floats round. */
const recordedTolerances = { scoreTolerance: 0.1, edgeTolerance: 0.03 }

/**
 * The card of a user's own file, from its metadata and shapes; what is in doubt is asked for by name. Its self-test
 * names no boxes yet. Throws PrepareError `head_doubtful`, `classes_doubtful`, `size_doubtful`, `model_unknown`,
 * `card_invalid`.
 */
export function cardOfOnnx(facts: OnnxFacts, answers: CardAnswers): CatalogueCard {
  const { overrides } = answers
  const guess = guessHead(facts, overrides.head?.family ?? answers.head)
  const { names, ids } = classesOf(facts, answers, guess.classCount)
  const head = withClassIds(overrides.head ?? guess.head, ids)
  const { file } = answers
  const result = catalogueCardSchema.safeParse({
    name: answers.name,
    file: `${answers.name}.onnx`,
    licence: overrides.licence ?? facts.metadata.get('license') ?? 'unknown: the file does not say',
    source: overrides.source ?? `a user's own file, ${file.name}`,
    input: inputOf(facts, answers, head),
    head,
    classes: names,
    thresholds: { ...familyManners[head.family].thresholds, ...overrides.thresholds },
    sources: [
      {
        kind: 'path',
        files: [{ bytes: file.bytes, sha256: file.sha256, note: `given as ${file.name}` }],
      },
    ],
    selfTest: { ...answers.scene, basis: 'recorded', boxes: [], ...recordedTolerances },
  })
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new PrepareError(
    'card_invalid',
    `the card of ${file.name}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`,
  )
}

function inputOf(facts: OnnxFacts, { overrides, size }: CardAnswers, head: HeadCard) {
  const isRfDetr = head.family === 'detr-raw' && head.outputs.boxes === 'dets'
  return {
    ...familyManners[head.family].input,
    ...(isRfDetr ? imagenetInput : {}),
    layout: imageAxes(facts).layout,
    stride: Number(facts.metadata.get('stride') ?? 32),
    ...overrides.input,
    size: inputSizeOf(facts, overrides.input?.size ?? size, head.family),
  }
}
