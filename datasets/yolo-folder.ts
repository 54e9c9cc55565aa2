import { splits, type Dataset, type DatasetImage } from './dataset.ts'
import { dataYaml } from './data-yaml.ts'
import type { OutputFolder } from './output-folder.ts'
import { formatYoloLabels } from './yolo-label.ts'

/**
 * Writes images/, labels/ (one file an image, empty for one without boxes), ignore/, lists of the splits' images and
 * data.yaml, which names them. The folder's other files are the caller's.
 */
export async function writeYoloFolder(
  dataset: Dataset,
  options: {
    readonly into: OutputFolder
    readonly signal: AbortSignal
    readonly onImage: (done: number) => void
  },
): Promise<void> {
  const { into, signal } = options
  for (const [index, image] of dataset.images.entries()) {
    signal.throwIfAborted()
    await into.place(pictureName(image), image)
    await into.write(`labels/${image.id}.txt`, formatYoloLabels(image.boxes, image))
    const regions = image.ignore.map((box) => ({ classIndex: 0, box }))
    const withoutClass = formatYoloLabels(regions, image).replaceAll(/^0 /gm, '')
    if (image.ignore.length > 0) await into.write(`ignore/${image.id}.txt`, withoutClass)
    options.onImage(index + 1)
  }
  for (const split of splits) {
    const images = dataset.images.filter((image) => image.split === split)
    if (images.length > 0)
      await into.write(`${split}.txt`, images.map((image) => `./${pictureName(image)}\n`).join(''))
  }
  const groups = dataset.images.flatMap(({ id, group }) => (group === null ? [] : [[id, group]]))
  if (groups.length > 0) await into.writeJson('groups.json', Object.fromEntries(groups))
  await into.write('data.yaml', dataYaml(dataset))
}

export function pictureName(image: Pick<DatasetImage, 'id' | 'format'>): string {
  return `images/${image.id}.${image.format === 'png' ? 'png' : 'jpg'}`
}
