import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import {
  type CatalogueCard,
  catalogueCardSchema,
  type ModelCard,
  modelCardSchema,
  type ModelSource,
} from '#gpu/model-card.ts'
import { CodedError, messageOf } from '#std/coded-error.ts'
import { fetchRaw, labelOf, type Outside, realOutside, sha256Of } from './model-sources.ts'
import { PrepareError } from './prepare-error.ts'
import { prepareGraph, preparationVersion } from './prepare-graph.ts'

export interface PrepareModelOptions {
  readonly card: CatalogueCard
  /** Where `<card.file>` and `<card.name>.json` come to lie. */
  readonly dir: string
  readonly outside?: Outside
  /** One line a step. */
  readonly onLine: (line: string) => void
}

/**
 * Puts a model that serves, and its card, into a folder: raw file from the first source that has it, graph edited,
 * both written atomically, the card last. Does nothing where they stand already. Throws PrepareError.
 */
export async function prepareModel(options: PrepareModelOptions): Promise<ModelCard> {
  const { card, dir, onLine } = options
  const standing = await readStanding(card, dir)
  if (standing !== null) {
    onLine(`${card.name}: ready (sha256 ${standing.prepared.sha256.slice(0, 12)})`)
    return standing
  }
  await makeFolder(dir)
  const { raw, source } = await firstThatAnswers(options)
  const model = prepareGraph(raw, card)
  const prepared: ModelCard = {
    ...card,
    prepared: {
      sha256: sha256Of(model),
      bytes: model.byteLength,
      from: source.kind,
      rawSha256: sha256Of(raw),
      preparation: preparationVersion,
      batchMax: null,
      notes: [],
    },
  }
  // Kept, so that another card or another preparation needs no network.
  if (source.kind !== 'path') await writeAtomically(join(dir, `${card.name}.raw.onnx`), raw)
  await writeAtomically(join(dir, card.file), model)
  await writeAtomically(cardPath(card, dir), `${JSON.stringify(prepared, null, 2)}\n`)
  onLine(`${card.name}: prepared (sha256 ${prepared.prepared.sha256.slice(0, 12)})`)
  return prepared
}

/** The prepared card where card and file are exactly what a preparation would make now. */
async function readStanding(card: CatalogueCard, dir: string): Promise<ModelCard | null> {
  try {
    const found = modelCardSchema.parse(JSON.parse(await readFile(cardPath(card, dir), 'utf8')))
    const { prepared, ...rest } = found
    const isCurrent =
      prepared.preparation === preparationVersion && isDeepStrictEqual(rest, { ...card })
    if (!isCurrent) return null
    return sha256Of(await readFile(join(dir, card.file))) === prepared.sha256 ? found : null
  } catch {
    // Absent, half-written by hand or of an older layout: all the same, it is made anew.
    return null
  }
}

async function firstThatAnswers(
  options: PrepareModelOptions,
): Promise<{ readonly raw: Buffer; readonly source: ModelSource }> {
  const { card, dir, onLine, outside = realOutside } = options
  const failures: string[] = []
  for (const source of card.sources) {
    try {
      const raw = await fetchRaw(source, { dir, outside })
      onLine(`${card.name}: from ${labelOf(source)}`)
      return { raw, source }
    } catch (error) {
      const line = `${labelOf(source)}: ${reasonOf(error)}`
      failures.push(line)
      onLine(`${card.name}: not from ${line}`)
    }
  }
  throw new PrepareError(
    'model_unavailable',
    `no source has the weights of ${card.name}. Put the file into ${dir} by hand, under any name ` +
      `that ends in .onnx. Tried:\n${failures.map((line) => `  ${line}`).join('\n')}`,
    { retryable: true },
  )
}

/** fetch hides the reason in `cause`; a program that failed says it in the last line of its stderr. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('stderr' in error && typeof error.stderr === 'string' && error.stderr.trim() !== '')
    return error.stderr.trim().split('\n').at(-1) ?? ''
  if (error.cause instanceof Error && !(error instanceof CodedError)) return error.cause.message
  return error.message
}

function cardPath(card: CatalogueCard, dir: string): string {
  return join(dir, `${card.name}.json`)
}

async function makeFolder(dir: string): Promise<void> {
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

/** A card of `config/models`. Throws PrepareError `card_invalid`. */
export async function readCatalogueCard(name: string): Promise<CatalogueCard> {
  const path = new URL(`../config/models/${name}.json`, import.meta.url)
  const result = catalogueCardSchema.safeParse(JSON.parse(await readFile(path, 'utf8')))
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new PrepareError(
    'card_invalid',
    `config/models/${name}.json: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  )
}

const usage = 'usage: prepare-models --out DIR [--quiet]'

async function main(): Promise<void> {
  const { out, quiet } = readArguments()
  const card = await readCatalogueCard('yolox-nano')
  const onLine = (line: string): void => void (quiet || process.stdout.write(`${line}\n`))
  await prepareModel({ card, dir: resolve(out), onLine })
}

function readArguments(): { readonly out: string; readonly quiet: boolean } {
  try {
    const { values } = parseArgs({
      options: { out: { type: 'string' }, quiet: { type: 'boolean', default: false } },
    })
    if (values.out !== undefined && values.out !== '')
      return { out: values.out, quiet: values.quiet }
  } catch (cause) {
    throw new PrepareError('usage', `${messageOf(cause)}; ${usage}`, { cause })
  }
  throw new PrepareError('usage', usage)
}

if (import.meta.main)
  main().catch((error: unknown) => {
    const text = error instanceof CodedError ? error.message : error
    process.stderr.write(`prepare-models: ${String(text)}\n`)
    process.exitCode = 2
  })
