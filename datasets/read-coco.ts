import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { sizeIfThere } from '#std/atomic-file.ts'
import type { Box } from './box.ts'
import { byCodePoints, type DatasetImage, type Split, splits } from './dataset.ts'
import { invalidFile } from './dataset-error.ts'
import { fitBox } from './fitted-box.ts'
import { filesIn } from './folder-listing.ts'
import { readPicture } from './read-picture.ts'
import { flatId, type ReadDataset, type ReadSource } from './source-folder.ts'
import type { LabelledBox } from './yolo-label.ts'

const cocoSchema = z.looseObject({
  images: z.array(
    z.looseObject({
      id: z.int(),
      file_name: z.string(),
      width: z.int().min(1),
      height: z.int().min(1),
    }),
  ),
  annotations: z.array(
    z.looseObject({
      id: z.int(),
      image_id: z.int(),
      category_id: z.int(),
      /** left, top, width, height in pixels */
      bbox: z.tuple([z.number(), z.number(), z.number().min(0), z.number().min(0)]),
      iscrowd: z.union([z.literal(0), z.literal(1), z.boolean()]).default(0),
    }),
  ),
  categories: z.array(z.looseObject({ id: z.int(), name: z.string() })),
})
type Coco = z.infer<typeof cocoSchema>

/**
 * COCO annotations: one JSON file, or a folder with some (`instances_train2017.json`: the name tells the side).
 * Category ids may have gaps; crowds become regions to ignore. Throws StageError with file and index.
 */
export async function readCoco(options: ReadSource): Promise<ReadDataset> {
  const files = await annotationFiles(options.path)
  const documents: (readonly [path: string, document: Coco])[] = []
  for (const path of files) documents.push([path, await readDocument(path)])
  const classes = commonClasses(documents)
  const images: DatasetImage[] = []
  for (const [path, document] of documents)
    images.push(...(await readImages(path, document, { ...options, classes })))
  const ids = new Set<string>()
  for (const { id, path } of images) {
    if (ids.has(id)) throw invalidFile(path, 'the same file is named twice in the annotations')
    ids.add(id)
  }
  return { classes, images: images.sort((a, b) => byCodePoints(a.id, b.id)) }
}

async function annotationFiles(path: string): Promise<readonly string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  for (const folder of [join(path, 'annotations'), path]) {
    const names = await filesIn(folder, /\.json$/).catch(() => [])
    if (names.length > 0) return names.map((name) => join(folder, name))
  }
  throw invalidFile(path, 'holds no annotations/*.json')
}

async function readDocument(path: string): Promise<Coco> {
  try {
    const result = cocoSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
    if (result.success) return result.data
    const issue = result.error.issues[0]
    throw invalidFile(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`)
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidFile(path, `is no JSON: ${error.message}`)
    throw error
  }
}

/** By category id; the files of one dataset must agree. */
function commonClasses(documents: readonly (readonly [path: string, document: Coco])[]) {
  const names = new Map<number, string>()
  for (const [path, { categories }] of documents)
    for (const { id, name } of categories) {
      const other = names.get(id)
      if (other !== undefined && other !== name)
        throw invalidFile(path, `category ${id} is ${name} here and ${other} elsewhere`)
      names.set(id, name)
    }
  return [...names].sort(([a], [b]) => a - b).map(([, name]) => name)
}

async function readImages(
  path: string,
  document: Coco,
  options: ReadSource & { readonly classes: readonly string[] },
): Promise<readonly DatasetImage[]> {
  const { findings, signal, progress } = options
  const base = (await stat(options.path)).isDirectory() ? options.path : dirname(options.path)
  const objects = objectsByImage(path, document, options.classes)
  const found: DatasetImage[] = []
  for (const [index, { id, file_name: name, width, height }] of document.images.entries()) {
    signal.throwIfAborted()
    progress.step('reading COCO', index + 1, document.images.length, 'images')
    const file = await findPicture(path, name)
    if (file === null) {
      findings.add('picture_missing', name)
      continue
    }
    const facts = await readPicture(file, { shown: name, findings })
    if (facts === null) continue
    if (facts.width !== width || facts.height !== height) {
      const sizes = `${facts.width}x${facts.height}, said to be ${width}x${height}`
      findings.add('picture_size_differs', `${name}: ${sizes}`)
      continue
    }
    const boxes: LabelledBox[] = []
    const ignore: Box[] = []
    for (const object of objects.get(id) ?? []) {
      const where = `${basename(path)}: annotation ${object.id}`
      const box = fitBox(object.box, { size: facts, findings, where })
      if (box === null) continue
      if (object.isCrowd) ignore.push(box)
      else boxes.push({ classIndex: object.classIndex, box })
    }
    const shown = relative(base, file).replaceAll('\\', '/')
    found.push({
      id: flatId(shown),
      path: file,
      ...facts,
      split: splitOf(path),
      group: null,
      boxes,
      ignore,
    })
  }
  return found
}

interface CocoObject {
  readonly id: number
  readonly classIndex: number
  readonly box: Box
  readonly isCrowd: boolean
}

function objectsByImage(
  path: string,
  { images, annotations, categories }: Coco,
  classes: readonly string[],
): ReadonlyMap<number, readonly CocoObject[]> {
  const known = new Set(images.map(({ id }) => id))
  const names = new Map(categories.map(({ id, name }) => [id, name]))
  const objects = new Map<number, CocoObject[]>()
  for (const [index, annotation] of annotations.entries()) {
    const { id, image_id: imageId, category_id: categoryId, bbox, iscrowd } = annotation
    const name = names.get(categoryId)
    if (name === undefined)
      throw invalidFile(path, `annotations.${index}: there is no category ${categoryId}`)
    if (!known.has(imageId))
      throw invalidFile(path, `annotations.${index}: there is no image ${imageId}`)
    const [left, top, width, height] = bbox
    const box = { left, top, right: left + width, bottom: top + height }
    const object = { id, classIndex: classes.indexOf(name), box, isCrowd: Boolean(iscrowd) }
    objects.set(imageId, [...(objects.get(imageId) ?? []), object])
  }
  return objects
}

/** `instances_val2017.json` -> val. */
function splitOf(path: string): Split | null {
  return splits.find((split) => new RegExp(`(^|[^a-z])${split}`, 'i').test(basename(path))) ?? null
}

/** Where people keep the pictures of an annotation file. */
async function findPicture(annotations: string, name: string): Promise<string | null> {
  const folder = dirname(annotations)
  const side = /(train|val|test)\d*/i.exec(basename(annotations))?.[0]
  const inSide = side === undefined ? [] : [side]
  for (const base of [folder, dirname(folder)])
    for (const inner of ['', 'images', ...inSide, ...inSide.map((each) => join('images', each))]) {
      const path = join(base, inner, name)
      if ((await sizeIfThere(path)) !== null) return path
    }
  return null
}
