import type { CatalogueCard, ExpectedBox } from '#gpu/model-card.ts'

export type Plausibility =
  | { readonly kind: 'plausible'; readonly notes: readonly string[] }
  | { readonly kind: 'implausible'; readonly sentence: string }

/** People and bicycles on one photo; a network fed numbers of the wrong size finds thousands. */
const boxesMax = 60
/** The least overlap at which a box counts as the person that is known to be there. */
const sameObjectIou = 0.5
/** Swapped colours cost a network more than noise does. */
const swapGain = 0.1

/**
 * What can be told of a user's own model from what it finds on the photo of the self-test, as it is and with red and
 * blue swapped: with COCO's classes it must find a person where persons are known to be; with others only that it
 * does not find things everywhere.
 */
export function judgePlausibility(
  card: Pick<CatalogueCard, 'classes'>,
  scene: { readonly people: readonly ExpectedBox[]; readonly coco80: readonly string[] },
  found: { readonly asIs: readonly ExpectedBox[]; readonly swapped: readonly ExpectedBox[] },
): Plausibility {
  const { asIs, swapped } = found
  if (asIs.length > boxesMax)
    return implausible(
      `it finds ${asIs.length} objects on the photo of the self-test: the card's scale (0..1 or 0..255), mean, std or ` +
        'head is likely wrong',
    )
  if (!isCoco(card, scene.coco80))
    return {
      kind: 'plausible',
      notes: [
        `found ${asIs.length} objects on the photo of the self-test; its classes are not COCO's, so what it should find ` +
          "there is not known: the card's scale, colour order and fit could not be checked",
      ],
    }
  const people = matches(scene.people, asIs)
  const peopleSwapped = matches(scene.people, swapped)
  if (people.length === 0) return implausible(whyNobody(asIs, peopleSwapped))
  const notes = [
    `found ${people.length} of ${scene.people.length} persons on the photo of the self-test, best ${best(people).toFixed(2)}`,
  ]
  if (best(peopleSwapped) > best(people) + swapGain)
    notes.push(
      `with red and blue swapped the best has ${best(peopleSwapped).toFixed(2)}: is the card's colour order right?`,
    )
  return { kind: 'plausible', notes }
}

function whyNobody(asIs: readonly ExpectedBox[], peopleSwapped: readonly ExpectedBox[]): string {
  const heard = 'it does not find the persons on the photo of the self-test'
  if (peopleSwapped.length > 0)
    return `${heard}, but with red and blue swapped it does: the card's colour order is wrong`
  if (asIs.length === 0)
    return `${heard}, nor anything else: the card's scale (0..1 or 0..255), mean, std or head is likely wrong`
  return (
    `${heard}, but ${asIs.length} other objects: the card's fit, head or order of classes is likely wrong ` +
    `(best: ${describe(asIs)})`
  )
}

function describe(boxes: readonly ExpectedBox[]): string {
  const [first] = boxes.toSorted((a, b) => b.score - a.score)
  if (first === undefined) return 'none'
  return `${first.class} ${first.score.toFixed(2)} at ${first.left.toFixed(2)},${first.top.toFixed(2)}`
}

/** Boxes that are one of the known persons. */
function matches(people: readonly ExpectedBox[], found: readonly ExpectedBox[]): ExpectedBox[] {
  return people.flatMap((person) => {
    const box = found.find(
      (each) => each.class === person.class && overlap(each, person) >= sameObjectIou,
    )
    return box === undefined ? [] : [box]
  })
}

function best(boxes: readonly ExpectedBox[]): number {
  return Math.max(0, ...boxes.map(({ score }) => score))
}

function isCoco({ classes }: Pick<CatalogueCard, 'classes'>, coco80: readonly string[]): boolean {
  return classes.length === coco80.length && classes.every((name, i) => name === coco80[i])
}

function overlap(a: ExpectedBox, b: ExpectedBox): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left)
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top)
  if (width <= 0 || height <= 0) return 0
  const shared = width * height
  return shared / (a.width * a.height + b.width * b.height - shared)
}

function implausible(sentence: string): Plausibility {
  return { kind: 'implausible', sentence }
}
