/** Why a box or a picture of the input is not, or not as it stood, in the output. */
export type Reason =
  | 'box_clipped'
  | 'box_too_small'
  | 'box_outside'
  | 'box_duplicate'
  | 'class_not_wanted'
  | 'polygon_to_box'
  | 'label_missing'
  | 'no_label_is_empty'
  | 'picture_missing'
  | 'picture_unreadable'
  | 'picture_size_differs'
  | 'picture_duplicate'

/** What each reason means, for the report. */
const meanings: Readonly<Record<Reason, string>> = {
  box_clipped: 'reached over the border of the picture and was clipped to it',
  box_too_small: 'under 1 px on a side after clipping: dropped',
  box_outside: 'wholly outside of the picture: dropped',
  box_duplicate: 'the same class and edges twice in one picture: dropped once',
  class_not_wanted: 'of a class that the wanted ones have no place for: dropped',
  polygon_to_box: 'a polygon: became the box around it',
  label_missing: 'a picture without a label file (an empty one would say “no objects”): left out',
  no_label_is_empty:
    'a picture without a label file, which YOLO takes for one without objects: kept',
  picture_missing: 'a label without its picture: left out',
  picture_unreadable: 'a broken picture: left out',
  picture_size_differs: 'the labels speak of another size than the picture has: left out',
  picture_duplicate: 'the same bytes as another picture: both kept, and told',
}

/** Enough to look at; the count tells how many there are. */
const examplesMax = 20

export interface FindingReport {
  readonly reason: Reason
  readonly meaning: string
  readonly count: number
  /** `file:line` or file, and what is to be said of it. */
  readonly examples: readonly string[]
}

/** Counts what a reader dropped, changed or left out, with the first places of each. */
export class Findings {
  readonly #found = new Map<Reason, { count: number; readonly examples: string[] }>()

  add(reason: Reason, where: string): void {
    const entry = this.#found.get(reason) ?? { count: 0, examples: [] }
    entry.count += 1
    if (entry.examples.length < examplesMax) entry.examples.push(where)
    this.#found.set(reason, entry)
  }

  countOf(reason: Reason): number {
    return this.#found.get(reason)?.count ?? 0
  }

  /** In the order of the reasons' names. */
  report(): readonly FindingReport[] {
    return [...this.#found]
      .map(([reason, { count, examples }]) => ({
        reason,
        meaning: meanings[reason],
        count,
        examples,
      }))
      .sort((a, b) => (a.reason < b.reason ? -1 : 1))
  }
}
