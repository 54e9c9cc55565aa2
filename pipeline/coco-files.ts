import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { messageOf } from '#std/coded-error.ts'
import { StageError } from './stage-error.ts'

const id = z.int()
const side = z.number().nonnegative()
/** Left, top, width, height; pixels. A box may stick out of its picture. */
const box = z.tuple([z.number(), z.number(), side, side]).readonly()

/** The parts of a COCO file (https://cocodataset.org/#format-data) that evaluation reads. */
const truthSchema = z.object({
  images: z.array(
    z.object({
      id,
      file_name: z.string().optional(),
      width: z.number().positive().optional(),
      height: z.number().positive().optional(),
    }),
  ),
  categories: z.array(z.object({ id, name: z.string() })),
  annotations: z.array(
    z
      .object({
        id,
        image_id: id,
        category_id: id,
        bbox: box,
        area: side.optional(),
        iscrowd: z.union([z.literal(0), z.literal(1)]).default(0),
      })
      .transform((each) => ({ ...each, area: each.area ?? each.bbox[2] * each.bbox[3] })),
  ),
})
export type CocoTruth = z.infer<typeof truthSchema>

const detectionSchema = z.object({ image_id: id, category_id: id, bbox: box, score: z.number() })
export type CocoDetection = z.infer<typeof detectionSchema>

/** Ground truth. Throws StageError `input_invalid` that says where. */
export async function readCocoTruth(path: string): Promise<CocoTruth> {
  const truth = parse(truthSchema, await readJson(path), path)
  const images = unique(truth.images, `${path}: images`)
  const categories = unique(truth.categories, `${path}: categories`)
  unique(truth.annotations, `${path}: annotations`)
  for (const [index, { image_id, category_id }] of truth.annotations.entries()) {
    const at = `${path}: annotations.${index}`
    if (!images.has(image_id)) throw invalid(`${at}: there is no image ${image_id}`)
    if (!categories.has(category_id)) throw invalid(`${at}: there is no category ${category_id}`)
  }
  return truth
}

/** A results file: an array of boxes with scores. Throws StageError `input_invalid`. */
export async function readCocoDetections(
  path: string,
  truth: CocoTruth,
): Promise<readonly CocoDetection[]> {
  const detections = parse(z.array(detectionSchema), await readJson(path), path)
  const images = new Set(truth.images.map((image) => image.id))
  for (const [index, { image_id }] of detections.entries())
    if (!images.has(image_id))
      throw invalid(`${path}: ${index}: the ground truth has no image ${image_id}`)
  return detections
}

async function readJson(path: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new StageError('input_missing', `cannot read ${path}: ${messageOf(cause)}`, { cause })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new StageError('input_invalid', `${path} is no JSON: ${messageOf(cause)}`, { cause })
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid(`${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}

function unique(entries: readonly { readonly id: number }[], where: string): ReadonlySet<number> {
  const ids = new Set<number>()
  for (const [index, entry] of entries.entries()) {
    if (ids.has(entry.id)) throw invalid(`${where}.${index}: the id ${entry.id} was there before`)
    ids.add(entry.id)
  }
  return ids
}

function invalid(sentence: string): StageError {
  return new StageError('input_invalid', sentence)
}
