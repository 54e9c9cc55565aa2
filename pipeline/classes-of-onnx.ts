import type { HeadCard } from '#gpu/heads/head-schema.ts'
import type { CardOverrides } from './card-overrides.ts'
import { type ClassNames, parseClassNames } from './class-names.ts'
import type { OnnxFacts } from './onnx-facts.ts'
import { PrepareError } from './prepare-error.ts'

interface ClassAnswers {
  readonly classes: ClassNames | null
  readonly overrides: Pick<CardOverrides, 'classes' | 'head'>
}

/** Throws PrepareError `classes_doubtful`; `count` is what the outputs' shapes tell. */
export function classesOf(
  facts: OnnxFacts,
  answers: ClassAnswers,
  count: number | null,
): ClassNames {
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

function namedClasses({ metadata }: OnnxFacts, answers: ClassAnswers): ClassNames | null {
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

/** The head of a network that counts its classes in its own way. */
export function withClassIds(head: HeadCard, ids: readonly number[] | null): HeadCard {
  if (ids === null) return head
  if (head.family === 'detr' || head.family === 'detr-raw') return { ...head, classIds: [...ids] }
  throw new PrepareError(
    'classes_doubtful',
    `a network of the family ${head.family} counts its classes 0, 1, 2 ..: give --classes coco80 instead of coco91`,
  )
}
