import { isAbsolute, join } from 'node:path'
import type { Model } from '#gpu/model.ts'
import { classMapOf } from './class-map.ts'
import { type CocoDetection, type CocoTruth, readCocoDetections } from './coco-files.ts'
import { type CocoResult, cocoMap, statNames } from './coco-map.ts'
import { detectPictures } from './detect-pictures.ts'
import { StageError } from './stage-error.ts'
import type { Progress } from './stage.ts'

export interface DetectOptions {
  readonly model: Model
  readonly ffmpegPath: string
  /** Where the pictures of the ground truth lie. */
  readonly images: string
  /** `person=Pedestrian`. */
  readonly classes: readonly string[]
  readonly signal: AbortSignal
  readonly progress: Progress
}

export interface CocoEvaluation {
  readonly result: CocoResult
  readonly images: number
  readonly detections: readonly CocoDetection[]
  readonly leftOut: number
}

/** The COCO protocol over a file of detections. Throws StageError. */
export async function evaluateCocoFile(truth: CocoTruth, path: string): Promise<CocoEvaluation> {
  const detections = await readCocoDetections(path, truth)
  const known = new Set(truth.categories.map(({ id }) => id))
  return {
    result: cocoMap(truth, detections),
    images: truth.images.length,
    detections,
    leftOut: detections.filter(({ category_id }) => !known.has(category_id)).length,
  }
}

/** The COCO protocol over what the serving model finds on the ground truth's pictures. Throws StageError. */
export async function evaluateCocoModel(
  truth: CocoTruth,
  options: DetectOptions,
): Promise<CocoEvaluation> {
  const { model, images, progress } = options
  const names = truth.categories.map(({ name }) => name)
  const map = classMapOf(model.card.classes, names, options.classes)
  for (const name of names)
    if (!map.includes(name)) progress.warn(`the model has no class for “${name}”; see --map`)
  const idOf = new Map(truth.categories.map(({ id, name }) => [name, id]))
  const detections: CocoDetection[] = []
  let leftOut = 0
  let done = 0
  const items = truth.images.map((image) => ({ image, path: picturePathOf(image, images) }))
  for await (const { item, source, detections: found } of detectPictures(items, options)) {
    checkSize(item.image, source, item.path)
    for (const { classIndex, score, left, top, width, height } of found) {
      const category_id = idOf.get(map[classIndex] ?? '')
      if (category_id === undefined) {
        leftOut++
        continue
      }
      const { width: w, height: h } = source
      const bbox = [left * w, top * h, width * w, height * h] as const
      detections.push({ image_id: item.image.id, category_id, bbox, score })
    }
    progress.step('detecting', ++done, items.length, 'images')
  }
  return { result: cocoMap(truth, detections), images: done, detections, leftOut }
}

/** For people. */
export function cocoLines({ stats, classes }: CocoResult): readonly string[] {
  const shown = (value: number): string => (value < 0 ? '   –' : value.toFixed(3).padStart(4))
  const columns = classes.filter(({ objects }) => objects > 0)
  const width = Math.max(5, ...columns.map(({ name }) => name.length))
  return [
    ...stats.map((value, index) => `${(statNames[index] ?? '').padEnd(9)} ${shown(value)}`),
    '',
    `${'class'.padEnd(width)}  AP     AP50   AR100  objects`,
    ...columns.map(
      ({ name, ap, ap50, ar, objects }) =>
        `${name.padEnd(width)}  ${shown(ap)}  ${shown(ap50)}  ${shown(ar)}  ${objects}`,
    ),
  ]
}

type Image = CocoTruth['images'][number]

export function picturePathOf(image: Image, folder: string): string {
  const { file_name } = image
  if (file_name === undefined || isAbsolute(file_name) || file_name.split(/[/\\]/).includes('..'))
    throw new StageError(
      'input_invalid',
      `image ${image.id} of the ground truth has no file_name within the folder of images`,
    )
  return join(folder, file_name)
}

function checkSize(
  image: Image,
  found: { readonly width: number; readonly height: number },
  path: string,
): void {
  const { width = found.width, height = found.height } = image
  if (width === found.width && height === found.height) return
  throw new StageError(
    'input_invalid',
    `${path} is ${found.width}x${found.height}, the ground truth says ${width}x${height}`,
  )
}
