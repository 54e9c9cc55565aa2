import { StageError } from './stage-error.ts'

/** Index into the card's classes -> the truth's name for it; null: a class that the truth does not have. */
export type ClassMap = readonly (string | null)[]

/**
 * Which class of the model is which of the ground truth: of the same name, without regard to case, or as `asked`,
 * `person=Pedestrian`. Throws StageError `usage` for a name that is not there.
 */
export function classMapOf(
  modelClasses: readonly string[],
  truthClasses: readonly string[],
  asked: readonly string[],
): ClassMap {
  const map = modelClasses.map((name) => find(truthClasses, name))
  for (const pair of asked) {
    const [from = '', to = '', ...rest] = pair.split('=')
    const index = modelClasses.findIndex((name) => isSame(name, from))
    const found = find(truthClasses, to)
    if (rest.length > 0 || index < 0 || found === null)
      throw new StageError(
        'usage',
        `--map ${pair}: must be a class of the model = one of the ground truth (${truthClasses.join(', ')})`,
      )
    map[index] = found
  }
  return map
}

function find(names: readonly string[], name: string): string | null {
  return names.find((each) => isSame(each, name)) ?? null
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
