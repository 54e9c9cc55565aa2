import type { Dataset, DatasetImage } from './dataset.ts'
import type { Findings } from './findings.ts'

/** What makes a dataset's numbers untrue, in sentences; none of a good one. */
export function leaksIn({ images }: Dataset): readonly string[] {
  return [
    ...onSeveralSides(images, ({ group }) => group).map(
      (group) => `${group} is on several sides of the split`,
    ),
    ...onSeveralSides(images, ({ sha256 }) => sha256).map(
      (sha256) => `the same picture is on several sides of the split: ${idsWith(images, sha256)}`,
    ),
  ]
}

/** Tells the findings of pictures that are there twice, and takes boxes that are there twice out. */
export function withoutDuplicates(dataset: Dataset, findings: Findings): Dataset {
  const firsts = new Map<string, string>()
  for (const { id, sha256 } of dataset.images) {
    const first = firsts.get(sha256)
    if (first === undefined) firsts.set(sha256, id)
    else findings.add('picture_duplicate', `${id} is ${first}`)
  }
  const images = dataset.images.map((image): DatasetImage => {
    const seen = new Set<string>()
    const boxes = image.boxes.filter((each) => {
      const key = JSON.stringify(each)
      if (seen.has(key)) findings.add('box_duplicate', image.id)
      return !seen.has(key) && seen.add(key)
    })
    return boxes.length === image.boxes.length ? image : { ...image, boxes }
  })
  return { ...dataset, images }
}

function onSeveralSides(
  images: readonly DatasetImage[],
  keyOf: (image: DatasetImage) => string | null,
): readonly string[] {
  const sides = new Map<string, Set<string>>()
  for (const image of images) {
    const key = keyOf(image)
    if (key === null || image.split === null) continue
    const found = sides.get(key) ?? new Set()
    sides.set(key, found.add(image.split))
  }
  return [...sides].filter(([, found]) => found.size > 1).map(([key]) => key)
}

function idsWith(images: readonly DatasetImage[], sha256: string): string {
  return images
    .filter((image) => image.sha256 === sha256)
    .map(({ id }) => id)
    .join(', ')
}
