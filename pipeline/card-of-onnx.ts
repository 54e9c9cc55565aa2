import type { HeadCard, HeadFamily } from '#gpu/heads/head-schema.ts'
import { type CatalogueCard, catalogueCardSchema, type ModelInput } from '#gpu/model-card.ts'
import type { CardOverrides } from './card-overrides.ts'
import { type ClassNames, parseClassNames } from './class-names.ts'
import { familyManners, imagenetInput } from './family-manners.ts'
import { guessHead } from './guess-head.ts'
import { imageAxes } from './image-axes.ts'
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
  const manners = familyManners[head.family]
  const isRfDetr = head.family === 'detr-raw' && head.outputs.boxes === 'dets'
  const { file } = answers
  const result = catalogueCardSchema.safeParse({
    name: answers.name,
    file: `${answers.name}.onnx`,
    licence: overrides.licence ?? facts.metadata.get('license') ?? 'unknown: the file does not say',
    source: overrides.source ?? `a user's own file, ${file.name}`,
    input: {
      ...manners.input,
      ...(isRfDetr ? imagenetInput : {}),
      layout: imageAxes(facts).layout,
      stride: Number(facts.metadata.get('stride') ?? 32),
      size: sizeOf(facts, answers, head.family),
      ...overrides.input,
    },
    head,
    classes: names,
    thresholds: { ...manners.thresholds, ...overrides.thresholds },
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

function classesOf(facts: OnnxFacts, answers: CardAnswers, count: number | null): ClassNames {
  const classes = namedClasses(facts, answers)
  const wanted = count === null ? '' : `${count} `
  if (classes === null)
    throw new PrepareError(
      'classes_doubtful',
      `the names of its ${wanted}classes are missing: give --classes coco80, coco91 or a file with a name a line`,
    )
  const needed = classes.ids === null ? classes.names.length : 1 + Math.max(...classes.ids)
  const fits = classes.ids === null ? needed === count : needed <= (count ?? needed)
  if (count === null || fits) return classes
  throw new PrepareError(
    'classes_doubtful',
    `its outputs are of ${count} classes, but ${needed} are named: give --classes coco80, coco91 or a file with ` +
      `${count} names, one a line`,
  )
}

function namedClasses({ metadata }: OnnxFacts, answers: CardAnswers): ClassNames | null {
  if (answers.overrides.classes !== undefined)
    return {
      names: answers.overrides.classes,
      ids: answers.overrides.head === undefined ? null : idsOf(answers.overrides.head),
    }
  if (answers.classes !== null) return answers.classes
  const names = parseClassNames(metadata.get('names') ?? '')
  return names === null ? null : { names, ids: null }
}

function idsOf(head: HeadCard): readonly number[] | null {
  return 'classIds' in head ? (head.classIds ?? null) : null
}

function withClassIds(head: HeadCard, ids: readonly number[] | null): HeadCard {
  if (ids === null) return head
  if (head.family === 'detr' || head.family === 'detr-raw') return { ...head, classIds: [...ids] }
  throw new PrepareError(
    'classes_doubtful',
    `a network of the family ${head.family} counts its classes 0, 1, 2 ..: give --classes coco80 instead of coco91`,
  )
}

/** What the file is fixed to; where it is free, what was asked for, or what its metadata says. */
function sizeOf(facts: OnnxFacts, answers: CardAnswers, family: HeadFamily): ModelInput['size'] {
  const { width, height } = imageAxes(facts)
  const asked = answers.overrides.input?.size ?? answers.size
  const { isRectangular } = familyManners[family]
  if (width !== null && height !== null) {
    const isOther =
      asked !== null &&
      ('longSide' in asked
        ? asked.longSide !== Math.max(width, height)
        : asked.width !== width || asked.height !== height)
    if (isOther)
      throw new PrepareError('size_doubtful', `the file takes ${width}x${height} and no other size`)
    // Fully convolutional, with raw outputs: its sides can be freed (`freeAxes`).
    return family === 'yolox' && width === height ? { longSide: width } : { width, height }
  }
  if (asked !== null) return asked
  const [first, second = first] =
    (facts.metadata.get('imgsz') ?? '').match(/\d+/g)?.map(Number) ?? []
  if (first === undefined || second === undefined)
    throw new PrepareError(
      'size_doubtful',
      'it takes pictures of any size, and does not say which it was trained with: give --size 640 (the long side) ' +
        'or --size 640x384 (width x height)',
    )
  return isRectangular ? { longSide: Math.max(first, second) } : { width: second, height: first }
}
