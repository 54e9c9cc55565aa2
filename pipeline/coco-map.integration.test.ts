import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { after, test } from 'node:test'
import { idOf } from '#datasets/folder-listing.ts'
import { parseKittiLabels } from '#datasets/kitti-label.ts'
import { inspectPicture } from '#datasets/picture-file.ts'
import type { Model } from '#gpu/model.ts'
import { readModelCard } from '#gpu/model-files.ts'
import { systemClock } from '#std/clock.ts'
import { generatedCase } from './coco-cases.fixture.ts'
import type { CocoDetection, CocoTruth } from './coco-files.ts'
import { differenceFrom, pycocotools } from './coco-reference.fixture.ts'
import { evaluateCocoModel } from './evaluate-coco.ts'
import { jitteredTruth } from './jittered-truth.fixture.ts'
import { generatedFrames } from './kitti-cases.fixture.ts'
import { kittiDifferenceFrom, kittiReference } from './kitti-reference.fixture.ts'
import { kittiClasses } from './kitti-rules.ts'
import { evaluationScoreMin, openForEvaluation } from './open-for-evaluation.ts'
import { leftOut } from './python-of-eval.fixture.ts'
import { makeSamplePictures } from './sample-pictures.ts'

const skip = leftOut()
const dataDir = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const ffmpegPath = process.env['SIGHTLINE_FFMPEG'] ?? 'ffmpeg'
/** More pictures where they lie beside the checkout; nothing depends on them. */
const assets = resolve(import.meta.dirname, '../../shared/assets')
const folder = mkdtempSync(join(tmpdir(), 'sightline-map-'))
after(() => rmSync(folder, { recursive: true }))

function openYolox(): Promise<Model> {
  return openForEvaluation({
    modelPath: join(dataDir, 'models', 'yolox-nano.onnx'),
    cardPath: join(dataDir, 'models', 'yolox-nano.json'),
    scoreMin: evaluationScoreMin,
    executionProviders: ['cpu'],
    intraOpThreads: 2,
    clock: systemClock,
  })
}

/** What the serving model finds; a truth that names the pictures is all it needs. */
async function detect(truth: CocoTruth, images: string, classes: readonly string[] = []) {
  await using model = await openYolox()
  const { detections } = await evaluateCocoModel(truth, {
    model,
    ffmpegPath,
    images,
    classes,
    signal: new AbortController().signal,
    progress: { note: () => {}, warn: () => {}, step: () => {} },
  })
  return detections
}

function assertEqual(truth: CocoTruth, detections: readonly CocoDetection[]): void {
  const [reference] = pycocotools([{ truth, detections }])
  const difference = differenceFrom({ truth, detections }, reference)
  assert.ok(difference <= 1e-6, `differs by ${difference}`)
  assert.ok((reference?.stats[0] ?? 0) > 0.05, 'there is something to compare')
}

async function compareOnPictures(paths: readonly string[]): Promise<void> {
  const images = paths.map((path, id) => ({ id, file_name: relative(dirname(path), path) }))
  const [first = ''] = paths
  const card = await readModelCard(join(dataDir, 'models', 'yolox-nano.json'))
  const { classes } = card
  const detections = await detect(jitteredTruth(images, classes, []), dirname(first))
  assertEqual(jitteredTruth(images, classes, detections), detections)
}

/** KITTI's three classes of a folder of the benchmark. */
function kittiTruth(training: string): CocoTruth {
  const annotations: CocoTruth['annotations'] = []
  const images = readdirSync(join(training, 'image_2')).map((name, id) => {
    const path = join(training, 'image_2', name)
    const { width, height } = inspectPicture(readFileSync(path), name)
    const label = join(training, 'label_2', `${idOf(name)}.txt`)
    for (const { type, box } of parseKittiLabels(readFileSync(label, 'utf8'), label)) {
      const category = kittiClasses.findIndex((each) => each === type)
      if (category < 0) continue
      const sides = [box.right - box.left, box.bottom - box.top] as const
      annotations.push({
        id: annotations.length + 1,
        image_id: id,
        category_id: category + 1,
        bbox: [box.left, box.top, ...sides],
        area: sides[0] * sides[1],
        iscrowd: 0,
      })
    }
    return { id, file_name: name, width, height }
  })
  return { images, annotations, categories: kittiClasses.map((name, i) => ({ id: i + 1, name })) }
}

test('240 generated cases: pycocotools says the same, to 1e-6', { skip }, () => {
  const cases = Array.from({ length: 240 }, (_, number) => generatedCase(number))
  const references = pycocotools(cases)
  for (const [index, each] of cases.entries()) {
    const difference = differenceFrom(each, references[index])
    assert.ok(difference <= 1e-6, `case ${each.name} differs by ${difference}`)
  }
})

test(
  'YOLOX-Nano on frames of a street and a photo: pycocotools says the same',
  { skip },
  async () => {
    await compareOnPictures(await makeSamplePictures({ dataDir, ffmpegPath, folder }))
  },
)

const photos = join(assets, 'photos')
test(
  'YOLOX-Nano on street photos: pycocotools says the same',
  { skip: skip || without(photos) },
  async () => {
    await compareOnPictures(readdirSync(photos).map((name) => join(photos, name)))
  },
)

const kitti = join(assets, 'kitti', 'training')
test(
  'YOLOX-Nano on KITTI frames: pycocotools says the same',
  { skip: skip || without(kitti) },
  async () => {
    const truth = kittiTruth(kitti)
    assertEqual(truth, await detect(truth, join(kitti, 'image_2'), ['person=Pedestrian']))
  },
)

function without(path: string): string | false {
  return existsSync(path) ? false : `there is no ${path}`
}

test(
  '400 generated cases of KITTI: an implementation apart from ours says the same',
  { skip },
  () => {
    const cases = Array.from({ length: 400 }, (_, number) => generatedFrames(number))
    for (const [number, reference] of kittiReference(cases).entries())
      assert.ok(kittiDifferenceFrom(cases[number] ?? [], reference) < 1e-9, `case ${number}`)
  },
)
