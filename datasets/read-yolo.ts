import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { z } from 'zod'
import { parseYaml } from '#config/parse-yaml.ts'
import { readFileIfThere } from '#std/atomic-file.ts'
import { byCodePoints, type DatasetImage, type Split, splits } from './dataset.ts'
import { invalidFile } from './dataset-error.ts'
import type { Findings } from './findings.ts'
import { fitBox } from './fitted-box.ts'
import { filesBelow, filesInIfThere, pictureEnding } from './folder-listing.ts'
import { readPicture } from './read-picture.ts'
import { flatId, type ReadDataset, type ReadSource } from './source-folder.ts'
import { type LabelledBox, parseYoloLabels } from './yolo-label.ts'

const list = z.union([z.string(), z.array(z.string())])
/** Keys that trainers know and that say nothing about pictures are let through. */
const dataYamlSchema = z.looseObject({
  path: z.string().optional(),
  train: list.optional(),
  val: list.optional(),
  test: list.optional(),
  names: z.union([z.array(z.string()), z.record(z.string(), z.string())]),
})

/** A YOLO dataset: data.yaml, or a folder with one, or images/ + labels/ + classes.txt. Throws StageError, ConfigError. */
export async function readYolo(options: ReadSource): Promise<ReadDataset> {
  const { base, classes, pictures } = await describe(options.path)
  const groups = await readGroups(base)
  const images: DatasetImage[] = []
  const seen = new Map<string, string>()
  const sorted = [...pictures].sort(([a], [b]) => byCodePoints(a, b))
  for (const [index, [path, split]] of sorted.entries()) {
    options.signal.throwIfAborted()
    const shown = relative(base, path).replaceAll('\\', '/')
    const id = flatId(shown)
    const twin = seen.get(id)
    if (twin !== undefined) throw invalidFile(path, `would get the same name as ${twin}: ${id}`)
    seen.set(id, path)
    const image = await readImage({ path, shown, id, split, classes, findings: options.findings })
    if (image !== null) images.push({ ...image, group: groups[id] ?? null })
    options.progress.step('reading YOLO', index + 1, sorted.length, 'images')
  }
  return { classes, images: images.sort((a, b) => byCodePoints(a.id, b.id)) }
}

interface Description {
  readonly base: string
  readonly classes: readonly string[]
  /** Absolute path -> side; null where train and val are the same pictures. */
  readonly pictures: ReadonlyMap<string, Split | null>
}

async function describe(path: string): Promise<Description> {
  const isFolder = (await stat(path)).isDirectory()
  const yamls = isFolder ? ((await filesInIfThere(path, /\.ya?ml$/)) ?? []) : [basename(path)]
  const [name] = yamls.includes('data.yaml') ? ['data.yaml'] : yamls
  const folder = isFolder ? path : dirname(path)
  if (name !== undefined) return describeByYaml(join(folder, name))
  const classes = await readFileIfThere(join(folder, 'classes.txt'))
  if (classes === null)
    throw invalidFile(folder, 'neither data.yaml nor classes.txt says what the classes are')
  const files = await picturesAt(join(folder, 'images'))
  return {
    base: folder,
    classes: classes
      .toString()
      .split(/\r?\n/)
      .filter((line) => line.trim() !== ''),
    pictures: new Map(files.map((file) => [file, null])),
  }
}

async function describeByYaml(path: string): Promise<Description> {
  const text = await readFile(path, 'utf8')
  const { value } = parseYaml(text, { fileName: path, schema: dataYamlSchema })
  const base = resolve(dirname(path), value.path ?? '.')
  const pictures = new Map<string, Split | null>()
  for (const split of splits) {
    const entries = value[split] ?? []
    for (const entry of typeof entries === 'string' ? [entries] : entries)
      for (const file of await picturesAt(resolve(base, entry)))
        pictures.set(file, pictures.has(file) ? null : split)
  }
  return { base, classes: classNames(value.names, path), pictures }
}

function classNames(names: z.infer<typeof dataYamlSchema>['names'], path: string) {
  if (Array.isArray(names)) return names
  return Object.keys(names).map((_, index) => {
    const name = names[String(index)]
    if (name === undefined) throw invalidFile(path, `names has no class ${index}`)
    return name
  })
}

/** Of a folder and all below it, or of a list of paths. */
async function picturesAt(path: string): Promise<readonly string[]> {
  if (path.endsWith('.txt')) {
    const lines = (await readFile(path, 'utf8')).split(/\r?\n/).map((line) => line.trim())
    return lines.filter((line) => line !== '').map((line) => resolve(dirname(path), line))
  }
  const names = (await filesBelow(path)).filter((name) => pictureEnding.test(name))
  if (names.length === 0) throw invalidFile(path, 'holds no PNG or JPEG')
  return names.map((name) => join(path, name))
}

async function readImage(options: {
  readonly path: string
  readonly shown: string
  readonly id: string
  readonly split: Split | null
  readonly classes: readonly string[]
  readonly findings: Findings
}): Promise<DatasetImage | null> {
  const { path, shown, id, split, findings } = options
  if ((await readFileIfThere(path)) === null) {
    findings.add('picture_missing', shown)
    return null
  }
  const facts = await readPicture(path, { shown, findings })
  if (facts === null) return null
  const text = await readFileIfThere(beside(path, 'labels'))
  if (text === null) findings.add('no_label_is_empty', shown)
  const boxes: LabelledBox[] = []
  const file = beside(shown, 'labels')
  const labels = { file, size: facts, classCount: options.classes.length }
  const parsed = parseYoloLabels(text?.toString() ?? '', labels)
  for (const [index, { classIndex, box, isPolygon }] of parsed.entries()) {
    const where = `${file}: object ${index + 1}`
    if (isPolygon) findings.add('polygon_to_box', where)
    const fitted = fitBox(box, { size: facts, findings, where })
    if (fitted !== null) boxes.push({ classIndex, box: fitted })
  }
  // Ours: four columns, without a class.
  const regions = (await readFileIfThere(beside(path, 'ignore')))?.toString() ?? ''
  const ignoreFile = { file: beside(shown, 'ignore'), size: facts, classCount: 1 }
  const ignore = parseYoloLabels(regions.replaceAll(/^(?=[\d.])/gm, '0 '), ignoreFile)
  return { id, path, ...facts, split, group: null, boxes, ignore: ignore.map(({ box }) => box) }
}

/** `x/images/a/b.png` -> `x/labels/a/b.txt`: the last `images` counts, as trainers have it. */
function beside(path: string, folder: string): string {
  const label = path.replace(/\.[^./\\]*$/, '.txt')
  return label.replace(/(^|.*[/\\])images(?=[/\\])/, `$1${folder}`)
}

async function readGroups(base: string): Promise<Readonly<Record<string, string>>> {
  const bytes = await readFileIfThere(join(base, 'groups.json'))
  if (bytes === null) return {}
  const result = z.record(z.string(), z.string()).safeParse(JSON.parse(bytes.toString()))
  if (!result.success) throw invalidFile(join(base, 'groups.json'), 'is no map of id to group')
  return result.data
}
