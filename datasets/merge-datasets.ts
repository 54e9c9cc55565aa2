import { StageError } from '#pipeline/stage-error.ts'
import type { Box } from './box.ts'
import { byCodePoints, type Dataset, type DatasetImage } from './dataset.ts'
import type { Findings } from './findings.ts'
import type { LabelledBox } from './yolo-label.ts'

/** One source, read, with its classes' way into the common ones. */
export interface Contribution {
  readonly name: string
  readonly dataset: Dataset
  /** A class of it -> one of the whole, `ignore` or `drop`. */
  readonly map: Readonly<Record<string, string>>
  readonly findings: Findings
}

/** Several datasets as one, with common classes and ids that begin with the source's name. Throws StageError `input_invalid`. */
export function mergeDatasets(
  contributions: readonly Contribution[],
  options: { readonly name: string; readonly classes: readonly string[] | null },
): Dataset {
  const [first] = contributions
  const classes = options.classes ?? first?.dataset.classes ?? []
  if (options.classes === null && contributions.length > 1)
    throw new StageError('input_invalid', 'several sources need a list of common classes')
  const isOnly = contributions.length === 1
  const images = contributions.flatMap((contribution) => {
    const treatments = treatmentsOf(contribution, classes)
    return contribution.dataset.images.map((image) => ({
      ...sorted(image, treatments, contribution.findings),
      id: isOnly ? image.id : `${contribution.name}-${image.id}`,
      group: image.group === null ? null : `${contribution.name}/${image.group}`,
    }))
  })
  const licences = new Set(contributions.map(({ dataset }) => dataset.licence))
  return {
    name: options.name,
    licence: [...licences].join('; '),
    classes,
    images: images.sort((a, b) => byCodePoints(a.id, b.id)),
  }
}

type Treatment = number | 'ignore' | 'drop'

function treatmentsOf(
  { name, dataset, map }: Contribution,
  classes: readonly string[],
): readonly Treatment[] {
  for (const from of Object.keys(map))
    if (!dataset.classes.includes(from))
      throw new StageError('input_invalid', `${name}: map names ${from}, which it has no class of`)
  return dataset.classes.map((from) => {
    const to = map[from] ?? from
    if (to === 'ignore' || to === 'drop') return to
    const index = classes.indexOf(to)
    if (index < 0 && map[from] !== undefined)
      throw new StageError('input_invalid', `${name}: ${from} is to be ${to}, which is no class`)
    return index < 0 ? 'drop' : index
  })
}

function sorted(
  image: DatasetImage,
  treatments: readonly Treatment[],
  findings: Findings,
): DatasetImage {
  const boxes: LabelledBox[] = []
  const ignore: Box[] = [...image.ignore]
  for (const { classIndex, box } of image.boxes) {
    const treatment = treatments[classIndex] ?? 'drop'
    if (treatment === 'drop') findings.add('class_not_wanted', image.id)
    else if (treatment === 'ignore') ignore.push(box)
    else boxes.push({ classIndex: treatment, box })
  }
  return { ...image, boxes, ignore }
}
