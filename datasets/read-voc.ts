import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sizeIfThere } from '#std/atomic-file.ts'
import type { Box, PictureSize } from './box.ts'
import { byCodePoints, type DatasetImage, type Split } from './dataset.ts'
import { invalidLine } from './dataset-error.ts'
import { parseDecimal } from './decimal.ts'
import { fitBox } from './fitted-box.ts'
import { filesIn, idOf } from './folder-listing.ts'
import { readPicture } from './read-picture.ts'
import type { ReadDataset, ReadSource } from './source-folder.ts'
import { parseXml, type XmlElement } from './xml-elements.ts'
import type { LabelledBox } from './yolo-label.ts'

interface VocObject {
  readonly name: string
  readonly box: Box
  readonly isDifficult: boolean
}

interface VocFile {
  readonly filename: string | null
  readonly size: PictureSize | null
  readonly objects: readonly VocObject[]
}

/**
 * A Pascal VOC folder: Annotations/*.xml, JPEGImages/, and ImageSets/Main/{train,val,test}.txt where it is split.
 * Classes are the names that occur, in order; difficult objects become regions to ignore. Throws StageError with file
 * and line.
 */
export async function readVoc(options: ReadSource): Promise<ReadDataset> {
  const { path, findings, signal, progress } = options
  const names = await filesIn(join(path, 'Annotations'), /\.xml$/)
  const sides = await readSides(path)
  const files: { readonly name: string; readonly file: VocFile }[] = []
  for (const name of names) {
    const text = await readFile(join(path, 'Annotations', name), 'utf8')
    files.push({ name, file: parseVoc(text, `Annotations/${name}`) })
  }
  const found = new Set(files.flatMap(({ file }) => file.objects.map((object) => object.name)))
  const classes = [...found].sort(byCodePoints)
  const images: DatasetImage[] = []
  for (const [index, { name, file }] of files.entries()) {
    signal.throwIfAborted()
    progress.step('reading VOC', index + 1, files.length, 'images')
    const picture = await findPicture(path, name, file)
    if (picture === null) findings.add('picture_missing', `Annotations/${name}`)
    const image = picture === null ? null : await readImage(picture, name, file, options, classes)
    if (image !== null) images.push({ ...image, split: sides.get(image.id) ?? null })
  }
  return { classes, images }
}

async function readImage(
  path: string,
  name: string,
  { size, objects }: VocFile,
  { findings }: ReadSource,
  classes: readonly string[],
): Promise<DatasetImage | null> {
  const facts = await readPicture(path, { shown: `JPEGImages/${idOf(name)}`, findings })
  if (facts === null) return null
  if (size !== null && (size.width !== facts.width || size.height !== facts.height)) {
    const sizes = `${facts.width}x${facts.height}, said to be ${size.width}x${size.height}`
    findings.add('picture_size_differs', `Annotations/${name}: ${sizes}`)
    return null
  }
  const boxes: LabelledBox[] = []
  const ignore: Box[] = []
  for (const [index, object] of objects.entries()) {
    const where = `Annotations/${name}: object ${index + 1}`
    const box = fitBox(object.box, { size: facts, findings, where })
    if (box === null) continue
    if (object.isDifficult) ignore.push(box)
    else boxes.push({ classIndex: classes.indexOf(object.name), box })
  }
  return { id: idOf(name), path, ...facts, split: null, group: null, boxes, ignore }
}

function parseVoc(text: string, file: string): VocFile {
  const root = parse(text, file)
  const size = child(root, 'size')
  const number = (element: XmlElement, name: string): number => {
    const inner = child(element, name)
    const value = inner === null ? null : parseDecimal(inner.text)
    if (value === null)
      throw invalidLine(file, (inner ?? element).line, `<${element.name}> has no number <${name}>`)
    return value
  }
  const objects = root.children.filter(({ name }) => name === 'object')
  return {
    filename: child(root, 'filename')?.text ?? null,
    // Zeros are what tools write that did not look.
    size:
      size === null || number(size, 'width') === 0
        ? null
        : { width: number(size, 'width'), height: number(size, 'height') },
    objects: objects.map((object) => {
      const name = child(object, 'name')?.text ?? ''
      const edges = child(object, 'bndbox')
      if (name === '') throw invalidLine(file, object.line, 'an object without a name')
      if (edges === null) throw invalidLine(file, object.line, `${name} without a bndbox`)
      // VOC counts pixels from 1, and its last one is inside of the box.
      const box = {
        left: number(edges, 'xmin') - 1,
        top: number(edges, 'ymin') - 1,
        right: number(edges, 'xmax'),
        bottom: number(edges, 'ymax'),
      }
      if (box.right < box.left || box.bottom < box.top)
        throw invalidLine(file, edges.line, `the box of ${name} has its edges the wrong way round`)
      return { name, box, isDifficult: child(object, 'difficult')?.text === '1' }
    }),
  }
}

function parse(text: string, file: string): XmlElement {
  try {
    return parseXml(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const [line = '1', sentence = ''] = error.message.split(/: (.*)/)
    throw invalidLine(file, Number(line), sentence)
  }
}

function child(element: XmlElement, name: string): XmlElement | null {
  return element.children.find((each) => each.name === name) ?? null
}

async function findPicture(path: string, name: string, file: VocFile): Promise<string | null> {
  const named = file.filename === null || /[/\\]/.test(file.filename) ? [] : [file.filename]
  const id = idOf(name)
  for (const candidate of [...named, `${id}.jpg`, `${id}.jpeg`, `${id}.png`]) {
    const picture = join(path, 'JPEGImages', candidate)
    if ((await sizeIfThere(picture)) !== null) return picture
  }
  return null
}

async function readSides(path: string): Promise<ReadonlyMap<string, Split>> {
  const sides = new Map<string, Split>()
  for (const split of ['train', 'val', 'test'] as const) {
    const text = await readFile(join(path, 'ImageSets', 'Main', `${split}.txt`), 'utf8').catch(
      () => '',
    )
    for (const line of text.split(/\r?\n/)) {
      const [id] = line.trim().split(/\s+/)
      if (id !== undefined && id !== '') sides.set(id, split)
    }
  }
  return sides
}
