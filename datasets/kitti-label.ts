import type { Box } from './box.ts'
import { invalidLine } from './dataset-error.ts'
import { parseDecimal } from './decimal.ts'

/** In the order of the devkit's readme. */
export const kittiTypes = [
  'Car',
  'Van',
  'Truck',
  'Pedestrian',
  'Person_sitting',
  'Cyclist',
  'Tram',
  'Misc',
  'DontCare',
] as const
export type KittiType = (typeof kittiTypes)[number]

/** One line of `label_2`; the 3D part is checked and left out. */
export interface KittiObject {
  readonly type: KittiType
  /** 0 (whole) to 1 (outside of the picture); -1 for DontCare. */
  readonly truncated: number
  /** 0 visible, 1 partly, 2 largely occluded, 3 unknown; -1 for DontCare. */
  readonly occluded: number
  /** 0-based pixels. */
  readonly box: Box
}

/** type truncated occluded alpha, left top right bottom, height width length, x y z, rotation_y */
const fieldCount = 15

/**
 * The text of a label file of the KITTI object benchmark; empty for a picture without objects. Throws StageError
 * `input_invalid` with file and line: a label that is guessed at costs more than one that is refused.
 */
export function parseKittiLabels(text: string, file: string): readonly KittiObject[] {
  const objects: KittiObject[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const refuse = (sentence: string) => invalidLine(file, index + 1, sentence)
    objects.push(parseLine(line.trim().split(/[ \t]+/), refuse))
  }
  return objects
}

type Refuse = (sentence: string) => Error

function parseLine(fields: readonly string[], refuse: Refuse): KittiObject {
  if (fields.length === fieldCount + 1)
    throw refuse('16 fields: the last one is a score, so these are results and no ground truth')
  if (fields.length !== fieldCount)
    throw refuse(`${fields.length} fields instead of ${fieldCount}${runTogether(fields)}`)
  const type = kittiTypes.find((each) => each === fields[0])
  if (type === undefined)
    throw refuse(`unknown type “${fields[0]}”; known are ${kittiTypes.join(', ')}`)
  const numbers = fields.slice(1).map((field, index) => {
    const value = parseDecimal(field)
    if (value === null) throw refuse(`field ${index + 2}, “${field}”, is not a number`)
    return value
  })
  return { type, ...parseVisibility(numbers, refuse), box: parseBox(numbers.slice(3, 7), refuse) }
}

function parseVisibility(
  [truncated = NaN, occluded = NaN]: readonly number[],
  refuse: Refuse,
): Pick<KittiObject, 'truncated' | 'occluded'> {
  if (!(truncated === -1 || (truncated >= 0 && truncated <= 1)))
    throw refuse(`truncated is ${truncated}, not 0 to 1`)
  if (![-1, 0, 1, 2, 3].includes(occluded)) throw refuse(`occluded is ${occluded}, not 0 to 3`)
  return { truncated, occluded }
}

function parseBox(edges: readonly number[], refuse: Refuse): Box {
  const [left = NaN, top = NaN, right = NaN, bottom = NaN] = edges
  if (right < left || bottom < top)
    throw refuse(`the box ${edges.join(' ')} has its edges the wrong way round`)
  return { left, top, right, bottom }
}

/** Files that lost their line ends: the last number of one object and the type of the next are one word. */
function runTogether(fields: readonly string[]): string {
  const word = fields.find((field) => /^[+-]?\d+\.\d+[A-Za-z]/.test(field))
  return word === undefined ? '' : `; “${word}” looks like two lines without a line end between`
}
