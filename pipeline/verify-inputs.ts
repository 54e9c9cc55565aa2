import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { filesIn, pictureEnding } from '#datasets/folder-listing.ts'
import {
  type CatalogueCard,
  catalogueCardSchema,
  type ModelCard,
  modelCardSchema,
} from '#gpu/model-card.ts'
import { messageOf } from '#std/coded-error.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { type CocoTruth, readCocoTruth } from './coco-files.ts'
import { picturePathOf } from './evaluate-coco.ts'
import { sha256Of } from './model-sources.ts'
import type { ModelPaths } from './model-paths.ts'
import { makeSamplePictures } from './sample-pictures.ts'
import type { StageArguments } from './stage-arguments.ts'
import { StageError } from './stage-error.ts'

/** The file that the model was prepared from: as typed, or the one beside it that has the card's hash. */
export async function rawFileOf(
  typed: string | null,
  { modelPath }: ModelPaths,
  { prepared }: ModelCard,
): Promise<Uint8Array> {
  const folder = dirname(modelPath)
  const candidates =
    typed === null
      ? (await readdir(folder))
          .filter((name) => name.endsWith('.onnx'))
          .map((name) => join(folder, name))
      : [typed]
  for (const path of candidates) {
    const bytes = await readOrThrow(path)
    if (typed !== null || sha256Of(bytes) === prepared.rawSha256) return bytes
  }
  throw new StageError(
    'input_missing',
    `the raw file (sha256 ${prepared.rawSha256.slice(0, 12)}…) is not in ${folder}; name it with --raw`,
  )
}

/**
 * What the model is to be: the card as typed, the catalogue's of its name, or, for a user's own file, its own; then
 * nobody but the card itself says what is right.
 */
export async function referenceCardOf(
  typed: string | null,
  card: ModelCard,
): Promise<{ readonly card: CatalogueCard; readonly basis: 'typed' | 'catalogue' | 'its own' }> {
  if (typed !== null) {
    const text = (await readOrThrow(typed)).toString('utf8')
    return { card: parseCard(text, typed), basis: 'typed' }
  }
  const path = new URL(`../config/models/${card.name}.json`, import.meta.url)
  if (existsSync(path)) return { card: await readCatalogueCard(card.name), basis: 'catalogue' }
  return { card, basis: 'its own' }
}

function parseCard(text: string, path: string): CatalogueCard {
  try {
    const value: unknown = JSON.parse(text)
    const isPrepared = typeof value === 'object' && value !== null && 'prepared' in value
    return isPrepared ? modelCardSchema.parse(value) : catalogueCardSchema.parse(value)
  } catch (cause) {
    throw new StageError('input_invalid', `${path} is no model card: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/** Labelled pictures (--gt and --images), pictures (--images), or those that every set-up has. */
export async function picturesOf(
  typed: StageArguments,
  options: { readonly dataDir: string; readonly ffmpegPath: string; readonly folder: string },
): Promise<{ readonly pictures: readonly string[]; readonly truth: CocoTruth | null }> {
  const gt = typed.path('gt')
  const images = typed.path('images') ?? typed.path('in')
  if (gt !== null) {
    if (images === null) throw new StageError('usage', '--gt needs --images')
    const truth = await readCocoTruth(gt)
    return { truth, pictures: truth.images.map((image) => picturePathOf(image, images)) }
  }
  if (images === null) return { truth: null, pictures: await makeSamplePictures(options) }
  const names = await filesIn(images, pictureEnding)
  if (names.length === 0) throw new StageError('input_missing', `there is no picture in ${images}`)
  return { truth: null, pictures: names.map((name) => join(images, name)) }
}

async function readOrThrow(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new StageError('input_missing', `cannot read ${path}: ${messageOf(cause)}`, { cause })
  }
}
