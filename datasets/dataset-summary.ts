import { byCodePoints, type Dataset, splits } from './dataset.ts'

/** Counts of a dataset, for its report. */
export interface DatasetSummary {
  readonly images: number
  readonly emptyImages: number
  readonly boxes: number
  readonly ignoreRegions: number
  readonly boxesByClass: Readonly<Record<string, number>>
  readonly imagesBySize: Readonly<Record<string, number>>
  readonly imagesBySplit: Readonly<Record<string, number>>
}

export function summaryOf({ classes, images }: Dataset): DatasetSummary {
  const boxesByClass = Object.fromEntries(classes.map((name) => [name, 0]))
  const imagesBySize: Record<string, number> = {}
  for (const image of images) {
    count(imagesBySize, `${image.width}x${image.height}`)
    for (const { classIndex } of image.boxes) count(boxesByClass, classes[classIndex] ?? '')
  }
  return {
    images: images.length,
    emptyImages: images.filter(({ boxes }) => boxes.length === 0).length,
    boxes: images.reduce((sum, { boxes }) => sum + boxes.length, 0),
    ignoreRegions: images.reduce((sum, { ignore }) => sum + ignore.length, 0),
    boxesByClass,
    imagesBySize: Object.fromEntries(
      Object.entries(imagesBySize).sort(([a], [b]) => byCodePoints(a, b)),
    ),
    imagesBySplit: Object.fromEntries(
      splits.map((split) => [split, images.filter((image) => image.split === split).length]),
    ),
  }
}

function count(into: Record<string, number>, key: string): void {
  into[key] = (into[key] ?? 0) + 1
}
