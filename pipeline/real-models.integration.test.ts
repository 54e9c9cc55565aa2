import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '#std/clock.ts'
import { inputGeometry } from '#gpu/letterbox.ts'
import { type Model, openModel } from '#gpu/model.ts'
import type { ExpectedBox } from '#gpu/model-card.ts'
import { runSelfTest } from '#gpu/self-test.ts'
import { type OwnModel, prepareOwnModel } from './prepare-own-model.ts'
import { scaledPicture } from './scaled-picture.ts'

/** Real networks of every family, and street photos; not part of the repository: some are under AGPL-3.0. */
const assets = resolve(import.meta.dirname, '../../shared/assets')
const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
const photoDir = join(data, 'self-test')
const ffmpegPath = process.env['SIGHTLINE_FFMPEG'] ?? 'ffmpeg'
const skip = existsSync(join(assets, 'models')) ? false : `there are no models in ${assets}`
const root = mkdtempSync(join(tmpdir(), 'sightline-real-'))
after(() => rmSync(root, { recursive: true }))

const photos = ['bus.jpg', 'dog_bike_car.jpg', 'pedestrians.jpg']

async function prepared(file: string, change: Partial<OwnModel> = {}): Promise<Model> {
  const own = {
    path: join(assets, 'models', file),
    name: null,
    head: null,
    classes: null,
    size: null,
    cardPath: null,
    implausible: 'refused',
    ...change,
  } as const
  const dir = mkdtempSync(join(root, 'model-'))
  const clock = systemClock
  const card = await prepareOwnModel({ own, dir, photoDir, ffmpegPath, clock, onLine: () => {} })
  return openModel({
    modelPath: join(dir, card.file),
    cardPath: join(dir, `${card.name}.json`),
    executionProviders: ['cpu'],
    intraOpThreads: 1,
    clock,
  })
}

async function detect(model: Model, photo: string): Promise<ExpectedBox[]> {
  const { card } = model
  const path = join(assets, 'photos', photo)
  const { pixels, width, height } = await scaledPicture(path, { input: card.input, ffmpegPath })
  const batch = { pixels, count: 1, width, height }
  const [values = new Float32Array()] = (await model.run(batch)).detections
  return Array.from({ length: values.length / 6 }, (_, i) => {
    const [index = 0, score = 0, left = 0, top = 0, w = 0, h = 0] = values.subarray(i * 6)
    return { class: card.classes[index] ?? '?', score, left, top, width: w, height: h }
  })
}

function iou(a: ExpectedBox, b: ExpectedBox): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left)
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top)
  const shared = Math.max(0, width) * Math.max(0, height)
  return shared / (a.width * a.height + b.width * b.height - shared)
}

type Seen = ReadonlyMap<string, readonly ExpectedBox[]>

async function look(model: Model): Promise<Seen> {
  const seen = new Map<string, readonly ExpectedBox[]>()
  for (const photo of photos) seen.set(photo, await detect(model, photo))
  return seen
}

/** Of the objects that one model is sure of, how many another one finds, and how well on average. */
function agreement(reference: Seen, other: Seen) {
  let sure = 0
  let found = 0
  let overlap = 0
  for (const [photo, boxes] of reference)
    for (const wanted of boxes) {
      if (wanted.score < 0.6) continue
      sure++
      const same = (other.get(photo) ?? []).filter((box) => box.class === wanted.class)
      const best = Math.max(0, ...same.map((box) => iou(box, wanted)))
      if (best < 0.5) continue
      found++
      overlap += best
    }
  return { sure, found: found / sure, iou: overlap / found }
}

test('Every family finds on street photos what another family is sure of.', { skip }, async (t) => {
  await using yolov8 = await prepared('yolov8n_int8.onnx')
  await using endToEnd = await prepared('yolo26n_int8.onnx')
  await using nanodet = await prepared('nanodet_m_416.onnx', { classes: 'coco80' })
  await using yolox = await prepared('yolox_nano_kazuhito.onnx', {
    classes: 'coco80',
    head: 'yolox',
  })
  // Of the atto size and quantised: it finds the large things, and nothing surely on the saturated crop.
  await using detr = await prepared('deimv2_atto_coco_int8.onnx', {
    classes: 'coco80',
    implausible: 'accepted',
  })
  const reference = await look(yolov8)
  for (const [model, least] of [
    [endToEnd, { found: 0.85, iou: 0.85 }],
    [nanodet, { found: 0.8, iou: 0.8 }],
    [yolox, { found: 0.8, iou: 0.8 }],
    [detr, { found: 0.15, iou: 0.6 }],
  ] as const) {
    const seen = await look(model)
    const { sure, ...found } = agreement(reference, seen)
    t.diagnostic(`${model.card.head.family}: ${JSON.stringify(found)} of ${sure}`)
    assert.ok(sure >= 8)
    assert.ok(found.found >= least.found && found.iou >= least.iou, JSON.stringify(found))
    if (model === detr) continue
    for (const [photo, ...names] of [
      ['bus.jpg', 'bus', 'person'],
      ['dog_bike_car.jpg', 'dog', 'bicycle'],
      ['pedestrians.jpg', 'person'],
    ] as const)
      for (const name of names)
        assert.ok(
          seen.get(photo)?.some((box) => box.class === name),
          `${model.card.name}: a ${name} on ${photo}`,
        )
  }
})

test(
  'What was recorded at preparation holds at a start; a card that says otherwise fails.',
  { skip },
  async () => {
    await using model = await prepared('yolov8n_int8.onnx')
    const photoPath = join(photoDir, 'parkour.jpg')
    assert.equal(model.card.selfTest.basis, 'recorded')
    assert.equal(model.card.selfTest.boxes.length, 2)
    assert.deepEqual(await runSelfTest(model, { photoPath, ffmpegPath }), { passed: true })
  },
)

test('Quantised at run time: one picture a run, and the card says why.', { skip }, async () => {
  await using model = await prepared('yolov8n_int8.onnx')
  const { batchMax, notes } = model.card.prepared
  assert.equal(batchMax, 1)
  assert.ok(notes.some((note) => /would depend on its neighbours/.test(note)))
  const size = { width: 640, height: 360 }
  const pixels = new Uint8Array(2 * size.width * size.height * 3)
  await assert.rejects(model.run({ pixels, count: 2, ...size }), /larger than the file takes/)
})

test('A network fed pixels 255 times too small is refused, and why.', { skip }, async () => {
  const cardPath = join(root, 'dim.json')
  writeFileSync(cardPath, JSON.stringify({ input: { scale: 1 / 65_025 } }))
  await assert.rejects(prepared('yolov8n_int8.onnx', { cardPath }), {
    code: 'model_implausible',
    message: /does not find the persons.*the card's scale.*--card/,
  })
})

test('A file with free axes is rectangular, and takes any batch.', { skip }, async () => {
  await using model = await prepared('yolox_nano_dynhw.onnx', {
    classes: 'coco80',
    head: 'yolox',
    size: { longSide: 416 },
  })
  assert.equal(model.card.prepared.batchMax, null)
  const { width, height } = inputGeometry(model.card, { width: 1280, height: 720 })
  assert.deepEqual([width, height], [416, 234])
  const pixels = new Uint8Array(3 * width * height * 3)
  assert.equal((await model.run({ pixels, count: 3, width, height })).detections.length, 3)
})

test(
  'The fixed file of the same weights becomes the same numbers: its axes were freed.',
  { skip },
  async () => {
    const change = { classes: 'coco80', head: 'yolox' } as const
    await using fixed = await prepared('yolox_nano_kazuhito.onnx', change)
    await using free = await prepared('yolox_nano_dynhw.onnx', {
      ...change,
      size: { longSide: 416 },
    })
    for (const photo of photos)
      assert.deepEqual(await detect(fixed, photo), await detect(free, photo))
  },
)
