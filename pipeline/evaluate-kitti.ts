import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { filesIn, idOf, pictureEnding } from '#datasets/folder-listing.ts'
import { type KittiObject, parseKittiLabels } from '#datasets/kitti-label.ts'
import { classMapOf } from './class-map.ts'
import { detectPictures } from './detect-pictures.ts'
import type { DetectOptions } from './evaluate-coco.ts'
import { kittiAp, type KittiResult } from './kitti-ap.ts'
import type { KittiFrame } from './kitti-match.ts'
import { parseKittiResults } from './kitti-results.ts'
import { kittiClasses, type KittiDetection, kittiDifficulties } from './kitti-rules.ts'
import { StageError } from './stage-error.ts'

export interface KittiEvaluation {
  readonly result: KittiResult
  readonly images: number
  readonly detections: number
  readonly leftOut: number
}

/** COCO's words for what KITTI asks; a model that has KITTI's own words needs none. */
const cocoWords: readonly (readonly [string, string])[] = [['person', 'Pedestrian']]

/** A folder of labels against one of result files, `000003.txt`; a frame without one has no detections. */
export async function evaluateKittiFolder(
  labels: string,
  results: string,
): Promise<KittiEvaluation> {
  const truth = await readLabels(labels)
  const names = new Set(await filesIn(results, /\.txt$/))
  for (const name of names)
    if (!truth.has(idOf(name)))
      throw new StageError(
        'input_invalid',
        `${join(results, name)}: there is no label of that name`,
      )
  const frames: KittiFrame[] = []
  for (const [id, objects] of truth) {
    const path = join(results, `${id}.txt`)
    const text = names.has(basename(path)) ? await readFile(path, 'utf8') : ''
    frames.push({ truth: objects, detections: parseKittiResults(text, path) })
  }
  return summary(frames, 0)
}

/** What the serving model finds on the labelled pictures. */
export async function evaluateKittiModel(
  labels: string,
  options: DetectOptions,
): Promise<KittiEvaluation> {
  const { model, images, progress } = options
  const truth = await readLabels(labels)
  const implied = cocoWords
    .filter(
      ([word, name]) => model.card.classes.includes(word) && !model.card.classes.includes(name),
    )
    .map((pair) => pair.join('='))
  const map = classMapOf(model.card.classes, kittiClasses, [...implied, ...options.classes])
  for (const name of kittiClasses)
    if (!map.includes(name)) progress.warn(`the model has no class for ${name}; see --map`)
  const pictures = new Map(
    (await filesIn(images, pictureEnding)).map((name) => [idOf(name), join(images, name)]),
  )
  const items = [...truth].map(([id, objects]) => {
    const path = pictures.get(id)
    if (path === undefined)
      throw new StageError('input_missing', `there is no picture ${id} in ${images}`)
    return { path, objects }
  })
  const frames: KittiFrame[] = []
  let leftOut = 0
  for await (const { item, source, detections } of detectPictures(items, options)) {
    const found: KittiDetection[] = []
    for (const { classIndex, score, left, top, width, height } of detections) {
      const type = kittiClasses.find((name) => name === map[classIndex])
      if (type === undefined) {
        leftOut++
        continue
      }
      const box = {
        left: left * source.width,
        top: top * source.height,
        right: (left + width) * source.width,
        bottom: (top + height) * source.height,
      }
      found.push({ type, score, box })
    }
    frames.push({ truth: item.objects, detections: found })
    progress.step('detecting', frames.length, items.length, 'images')
  }
  return summary(frames, leftOut)
}

/** For people. */
export function kittiLines(result: KittiResult): readonly string[] {
  return [
    `${'class'.padEnd(10)}  ${'level'.padEnd(8)}  AP40   AP11   objects`,
    ...kittiClasses.flatMap((name) =>
      kittiDifficulties.map((difficulty) => {
        const ap = result[name][difficulty]
        const numbers =
          ap === null
            ? '–      –      0'
            : `${ap.r40.toFixed(3)}  ${ap.r11.toFixed(3)}  ${ap.objects}`
        return `${name.padEnd(10)}  ${difficulty.padEnd(8)}  ${numbers}`
      }),
    ),
  ]
}

function summary(frames: readonly KittiFrame[], leftOut: number): KittiEvaluation {
  return {
    result: kittiAp(frames),
    images: frames.length,
    detections: frames.reduce((sum, { detections }) => sum + detections.length, 0),
    leftOut,
  }
}

async function readLabels(folder: string): Promise<ReadonlyMap<string, readonly KittiObject[]>> {
  const truth = new Map<string, readonly KittiObject[]>()
  for (const name of await filesIn(folder, /\.txt$/)) {
    const path = join(folder, name)
    truth.set(idOf(name), parseKittiLabels(await readFile(path, 'utf8'), path))
  }
  if (truth.size === 0) throw new StageError('input_missing', `there is no label in ${folder}`)
  return truth
}
