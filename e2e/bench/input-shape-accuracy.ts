import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { inputGeometry, type Size } from '#gpu/letterbox.ts'
import { modelCardSchema } from '#gpu/model-card.ts'
import { type Model, openModel, type PixelBatch } from '#gpu/model.ts'
import { packedPicture, yuv420pBytes } from '#gpu/yuv420p.ts'
import type { CocoDetection, CocoTruth } from '#pipeline/coco-files.ts'
import { cocoMap } from '#pipeline/coco-map.ts'
import { findFfmpeg } from '#server/decode/find-ffmpeg.ts'
import { messageOf } from '#std/coded-error.ts'
import { systemClock } from '#std/clock.ts'

const data = resolve(import.meta.dirname, '../../data')
const footage = resolve(import.meta.dirname, '../../../shared/assets/footage')
/** Pictures of each clip, spread over its first seconds. */
const pictures = 60
const everyNth = 5
/** The same weights see twice the pixels a side: what they are sure of then stands for the truth. */
const teacherSide = 832
const sureScore = 0.5

export interface ShapeAccuracy {
  readonly clips: number
  readonly pictures: number
  /** Objects that stand for the truth. */
  readonly objects: number
  /** mAP 50-95 and 50 of the rectangular input that serves, 0..1. */
  readonly rectangular: readonly [number, number]
  readonly square: readonly [number, number]
  /** Boxes a picture. */
  readonly boxes: { readonly rectangular: number; readonly square: number }
}

/** What the rectangular input costs in accuracy against the square one of the same weights, on real footage. */
export async function inputShapeAccuracy(): Promise<ShapeAccuracy> {
  const searchPath = process.env['PATH'] ?? ''
  const { path: ffmpegPath } = await findFfmpeg({ configuredPath: null, searchPath })
  await using serving = await modelOfSide(null)
  await using teacher = await modelOfSide(teacherSide)
  const truth: { images: { id: number }[]; annotations: CocoTruth['annotations'] } = {
    images: [],
    annotations: [],
  }
  const found = { rectangular: new Array<CocoDetection>(), square: new Array<CocoDetection>() }
  const paths = [
    join(data, 'demo/street.h264'),
    ...(existsSync(footage) ? readdirSync(footage).map((name) => join(footage, name)) : []),
  ]
  for (const path of paths) {
    const source = await sizeOf(path, ffmpegPath)
    const large = await picturesOf(path, { ffmpegPath, source, model: teacher.model })
    const small = await picturesOf(path, { ffmpegPath, source, model: serving.model })
    for (const [index, batch] of small.entries()) {
      const id = truth.images.length + 1
      truth.images.push({ id })
      const sure = await boxesOf(teacher.model, large[index] ?? batch, { id, source })
      for (const { score, ...box } of sure)
        if (score >= sureScore)
          truth.annotations.push({
            ...box,
            id: truth.annotations.length + 1,
            area: box.bbox[2] * box.bbox[3],
            iscrowd: 0,
          })
      const square = squared(batch)
      // The square's own share of what it shows: the picture lies at its top.
      const whole = { width: source.width, height: (source.height * square.height) / batch.height }
      found.rectangular.push(...(await boxesOf(serving.model, batch, { id, source })))
      found.square.push(...(await boxesOf(serving.model, square, { id, source: whole })))
    }
  }
  const categories = serving.model.card.classes.map((name, id) => ({ id, name }))
  const map = (detections: readonly CocoDetection[]): readonly [number, number] => {
    const [all = Number.NaN, half = Number.NaN] = cocoMap(
      { ...truth, categories },
      detections,
    ).stats
    return [all, half]
  }
  const count = truth.images.length
  return {
    clips: paths.length,
    pictures: count,
    objects: truth.annotations.length,
    rectangular: map(found.rectangular),
    square: map(found.square),
    boxes: {
      rectangular: found.rectangular.length / count,
      square: found.square.length / count,
    },
  }
}

export function formatAccuracy(accuracy: ShapeAccuracy): string {
  const { clips, pictures: count, objects, boxes } = accuracy
  const row = (shape: 'rectangular' | 'square'): string => {
    const [all, half] = accuracy[shape].map((share) => (100 * share).toFixed(2))
    return `${shape} input: mAP 50-95 ${all}, mAP 50 ${half}, ${boxes[shape].toFixed(2)} boxes a picture`
  }
  return [
    `accuracy on ${count} pictures of ${clips} clips, ${objects} objects that the same weights are sure of at twice the size:`,
    row('rectangular'),
    row('square'),
  ].join('\n')
}

/** The model that serves, with another long side of its input; its thresholds low enough for a curve. */
async function modelOfSide(
  longSide: number | null,
): Promise<AsyncDisposable & { readonly model: Model }> {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-bench-'))
  const text = await readFile(join(data, 'models/yolox-nano.json'), 'utf8')
  const card = modelCardSchema.parse(JSON.parse(text))
  const size = longSide === null ? card.input.size : { longSide }
  const thresholds = { ...card.thresholds, score: 0.05 }
  const cardPath = join(folder, 'card.json')
  await writeFile(cardPath, JSON.stringify({ ...card, input: { ...card.input, size }, thresholds }))
  const model = await openModel({
    modelPath: join(data, 'models/yolox-nano.onnx'),
    cardPath,
    executionProviders: ['cpu'],
    intraOpThreads: 2,
    deviceId: 0,
    clock: systemClock,
  })
  return {
    model,
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

async function sizeOf(path: string, ffmpegPath: string): Promise<Size> {
  // Without an output FFmpeg tells what it found and ends with an error.
  const told = await promisify(execFile)(ffmpegPath, ['-hide_banner', '-i', path]).then(
    ({ stderr }) => stderr,
    (error: unknown) => messageOf(error),
  )
  const [, width = '0', height = '0'] = /, (\d{2,5})x(\d{2,5})/.exec(told) ?? []
  return { width: Number(width), height: Number(height) }
}

async function picturesOf(
  path: string,
  options: { readonly ffmpegPath: string; readonly source: Size; readonly model: Model },
): Promise<readonly PixelBatch[]> {
  const { card } = options.model
  const { width, height, filter, pixelFormat } = inputGeometry(card, options.source)
  const every = `select='not(mod(n\\,${everyNth}))',${filter}`
  const { stdout } = await promisify(execFile)(
    options.ffmpegPath,
    ['-v', 'error', '-i', path, '-vf', every, '-fps_mode', 'passthrough'].concat([
      '-frames:v',
      String(pictures),
      '-f',
      'rawvideo',
      '-pix_fmt',
      pixelFormat,
      'pipe:1',
    ]),
    { encoding: 'buffer', maxBuffer: 2 ** 28 },
  )
  const bytes = yuv420pBytes({ width, height })
  return Array.from({ length: stdout.length / bytes }, (_, index) => {
    const pixels = stdout.subarray(index * bytes, (index + 1) * bytes)
    return packedPicture(card.input, { pixels, width, height })
  })
}

/** Filled up below with the card's grey, as the weights were trained. */
function squared({ pixels, width, height }: PixelBatch): PixelBatch {
  const side = Math.max(width, height)
  const square = new Uint8Array(side * side * 3).fill(114)
  for (let row = 0; row < height; row++)
    square.set(pixels.subarray(row * width * 3, (row + 1) * width * 3), row * side * 3)
  return { pixels: square, count: 1, width: side, height: side }
}

async function boxesOf(
  model: Model,
  batch: PixelBatch,
  { id, source }: { readonly id: number; readonly source: Size },
): Promise<readonly CocoDetection[]> {
  const { detections } = await model.run(batch)
  const values = detections[0] ?? new Float32Array()
  return Array.from({ length: values.length / 6 }, (_, index) => {
    const at = index * 6
    const [category = 0, score = 0, left = 0, top = 0, width = 0, height = 0] = values.subarray(
      at,
      at + 6,
    )
    const bbox = [
      left * source.width,
      top * source.height,
      width * source.width,
      height * source.height,
    ] as const
    return { image_id: id, category_id: category, bbox, score }
  })
}
