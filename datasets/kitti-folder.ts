import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Progress } from '#pipeline/stage.ts'
import type { Box } from './box.ts'
import type { DatasetImage, Split } from './dataset.ts'
import { invalidFile } from './dataset-error.ts'
import type { Findings } from './findings.ts'
import { fitBox } from './fitted-box.ts'
import { filesIn, idOf, pictureEnding } from './folder-listing.ts'
import type { KittiClassMap } from './kitti-classes.ts'
import { type KittiObject, parseKittiLabels } from './kitti-label.ts'
import { readPicture } from './read-picture.ts'
import type { LabelledBox } from './yolo-label.ts'

export interface ReadKittiOptions {
  /** Holds `image_2` and `label_2`. */
  readonly folder: string
  readonly classes: KittiClassMap
  /** Side and drive of a frame; null: in no split. */
  readonly placeOf: (id: string) => { readonly split: Split; readonly group: string | null } | null
  readonly findings: Findings
  readonly signal: AbortSignal
  readonly progress: Progress
}

/**
 * A folder of the KITTI object benchmark as images of a dataset, in the order of their ids. Throws StageError
 * `input_missing`, and `input_invalid` for a label that is malformed.
 */
export async function readKittiFolder(options: ReadKittiOptions): Promise<readonly DatasetImage[]> {
  const { folder, findings } = options
  const pictures = await filesIn(join(folder, 'image_2'), pictureEnding)
  const labels = new Set(await filesIn(join(folder, 'label_2'), /\.txt$/))
  const ids = new Set(pictures.map(idOf))
  if (ids.size !== pictures.length)
    throw invalidFile(join(folder, 'image_2'), 'two pictures of one name with different endings')
  for (const label of labels)
    if (!ids.has(idOf(label))) findings.add('picture_missing', `label_2/${label}`)
  const images: DatasetImage[] = []
  for (const [index, name] of pictures.entries()) {
    options.signal.throwIfAborted()
    const label = `${idOf(name)}.txt`
    if (labels.has(label)) {
      const image = await readFrame(options, name, label)
      if (image !== null) images.push(image)
    } else findings.add('label_missing', `image_2/${name}`)
    options.progress.step(`reading ${basename(folder)}`, index + 1, pictures.length, 'images')
  }
  return images
}

async function readFrame(
  options: ReadKittiOptions,
  name: string,
  label: string,
): Promise<DatasetImage | null> {
  const { folder, findings } = options
  const path = join(folder, 'image_2', name)
  // First the label: a malformed one stops the stage even where the picture is broken, too.
  const text = await readFile(join(folder, 'label_2', label), 'utf8')
  const objects = parseKittiLabels(text, `label_2/${label}`)
  const facts = await readPicture(path, { shown: `image_2/${name}`, findings })
  if (facts === null) return null
  const { boxes, ignore } = sort(objects, { ...options, size: facts, file: `label_2/${label}` })
  const place = options.placeOf(idOf(name))
  return {
    id: idOf(name),
    path,
    ...facts,
    split: place?.split ?? null,
    group: place?.group ?? null,
    boxes,
    ignore,
  }
}

/** Objects -> boxes of classes and regions to ignore, as the class map has it. */
function sort(
  objects: readonly KittiObject[],
  options: {
    readonly classes: KittiClassMap
    readonly findings: Findings
    readonly size: { readonly width: number; readonly height: number }
    readonly file: string
  },
): { readonly boxes: readonly LabelledBox[]; readonly ignore: readonly Box[] } {
  const { classes, findings, size, file } = options
  const boxes: LabelledBox[] = []
  const ignore: Box[] = []
  for (const [index, object] of objects.entries()) {
    const where = `${file}: object ${index + 1}, ${object.type}`
    const treatment = classes.of[object.type]
    if (treatment === 'drop') {
      findings.add('class_not_wanted', where)
      continue
    }
    const box = fitBox(object.box, { size, findings, where })
    if (box === null) continue
    if (treatment === 'ignore') ignore.push(box)
    else boxes.push({ classIndex: classes.names.indexOf(treatment.class), box })
  }
  return { boxes, ignore }
}
