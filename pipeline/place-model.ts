import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type CatalogueCard, type ModelCard, modelCardSchema } from '#gpu/model-card.ts'
import { messageOf } from '#std/coded-error.ts'
import { sha256Of } from './model-sources.ts'
import { PrepareError } from './prepare-error.ts'
import { preparationVersion } from './prepare-graph.ts'

export interface MadeModel {
  readonly card: CatalogueCard
  /** The file that serves. */
  readonly model: Uint8Array
  readonly raw: Uint8Array
  readonly from: ModelCard['prepared']['from']
  /** Kept as `<name>.raw.onnx`, so that another preparation needs neither network nor the user's folder. */
  readonly keeps: 'raw-file' | 'nothing-raw'
  readonly batchMax: number | null
  readonly notes: readonly string[]
}

/** Writes a model and its card atomically, the card last. Throws PrepareError `folder_unwritable`. */
export async function placeModel(dir: string, made: MadeModel): Promise<ModelCard> {
  const { card, model, raw } = made
  const placed: ModelCard = {
    ...card,
    prepared: {
      sha256: sha256Of(model),
      bytes: model.byteLength,
      from: made.from,
      rawSha256: sha256Of(raw),
      preparation: preparationVersion,
      batchMax: made.batchMax,
      notes: [...made.notes],
    },
  }
  if (made.keeps === 'raw-file') await writeAtomically(join(dir, `${card.name}.raw.onnx`), raw)
  await writeAtomically(join(dir, card.file), model)
  await writeAtomically(cardPath(card, dir), `${JSON.stringify(placed, null, 2)}\n`)
  return placed
}

/**
 * The prepared card where card and file are exactly what a preparation would make now; what a preparation records by
 * itself (boxes of `recorded`) does not count.
 */
export async function readStanding(card: CatalogueCard, dir: string): Promise<ModelCard | null> {
  try {
    const found = modelCardSchema.parse(JSON.parse(await readFile(cardPath(card, dir), 'utf8')))
    const { prepared, ...rest } = found
    const isCurrent =
      prepared.preparation === preparationVersion &&
      isDeepStrictEqual(withoutRecord(rest), withoutRecord(card))
    if (!isCurrent) return null
    return sha256Of(await readFile(join(dir, card.file))) === prepared.sha256 ? found : null
  } catch {
    // Absent, half-written by hand or of an older layout: all the same, it is made anew.
    return null
  }
}

function withoutRecord(card: CatalogueCard): CatalogueCard {
  const { selfTest } = card
  const boxes = selfTest.basis === 'recorded' ? [] : selfTest.boxes
  return { ...card, selfTest: { ...selfTest, boxes } }
}

function cardPath(card: CatalogueCard, dir: string): string {
  return join(dir, `${card.name}.json`)
}

export async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true })
  } catch (cause) {
    throw unwritable(dir, cause)
  }
}

/** A reader sees the old file or the new one, never a part; a rename within a folder is atomic. */
async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const part = `${path}.${randomBytes(6).toString('hex')}.part`
  try {
    await writeFile(part, content)
    await rename(part, path)
  } catch (cause) {
    await rm(part, { force: true })
    throw unwritable(path, cause)
  }
}

function unwritable(path: string, cause: unknown): PrepareError {
  return new PrepareError('folder_unwritable', `cannot write ${path}: ${messageOf(cause)}`, {
    cause,
  })
}
