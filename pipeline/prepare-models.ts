import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { CatalogueCard, ModelCard, ModelSource } from '#gpu/model-card.ts'
import { findFfmpeg } from '#server/decode/find-ffmpeg.ts'
import { systemClock } from '#std/clock.ts'
import { CodedError, messageOf } from '#std/coded-error.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import type { FreedAxes } from './free-axes.ts'
import { fetchRaw, labelOf, type Outside, realOutside } from './model-sources.ts'
import { ownModelOptions, readOwnModelOptions } from './own-model-options.ts'
import { makeFolder, placeModel, readStanding } from './place-model.ts'
import { PrepareError } from './prepare-error.ts'
import { prepareGraph } from './prepare-graph.ts'
import { StageArguments } from './stage-arguments.ts'

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
  const prepared = await placeModel(dir, {
    card,
    model: prepareGraph(raw, card, { axes: freedAxes(card), batch: 'free' }),
    raw,
    from: source.kind,
    keeps: source.kind === 'path' ? 'nothing-raw' : 'raw-file',
    batchMax: null,
    notes: [],
  })
  onLine(`${card.name}: prepared (sha256 ${prepared.prepared.sha256.slice(0, 12)})`)
  return prepared
}

/** The catalogue's files take any batch; height and width are free where the card names a long side. */
function freedAxes({ input }: CatalogueCard): FreedAxes {
  return 'longSide' in input.size ? 'all' : 'batch'
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

const usage =
  'usage: prepare-models --out DIR [--quiet], or prepare-models --model FILE.onnx [--name NAME] ' +
  '[--head FAMILY] [--classes coco80|coco91|FILE] [--size SIDE|WxH] [--card FILE.json] [--accept-implausible] ' +
  '[--out DIR] [--quiet]'

async function main(): Promise<void> {
  const given = readArguments()
  const onLine = (line: string): void => {
    if (!given.isSet('quiet')) process.stdout.write(`${line}\n`)
  }
  const own = readOwnModelOptions(given)
  const out = given.path('out')
  if (own !== null) {
    const data = resolve(process.env['SIGHTLINE_DATA'] ?? 'data')
    // Brings onnxruntime with it, which set-up does without.
    const { prepareOwnModel } = await import('./prepare-own-model.ts')
    const configuredPath = process.env['SIGHTLINE_FFMPEG'] ?? null
    const ffmpeg = await findFfmpeg({ configuredPath, searchPath: process.env['PATH'] ?? '' })
    await prepareOwnModel({
      own,
      dir: out ?? join(data, 'models'),
      photoDir: join(data, 'self-test'),
      ffmpegPath: ffmpeg.path,
      clock: systemClock,
      onLine,
    })
    return
  }
  if (out === null) throw new PrepareError('usage', 'no folder was given')
  await prepareModel({ card: await readCatalogueCard('yolox-nano'), dir: out, onLine })
}

function readArguments(): StageArguments {
  try {
    const out = { type: 'string' } as const
    const quiet = { type: 'boolean' } as const
    const { values } = parseArgs({ options: { ...ownModelOptions, out, quiet } })
    return new StageArguments(values)
  } catch (cause) {
    throw new PrepareError('usage', messageOf(cause), { cause })
  }
}

if (import.meta.main)
  main().catch((error: unknown) => {
    const text = error instanceof CodedError ? error.message : error
    const how = error instanceof CodedError && error.code === 'usage' ? `; ${usage}` : ''
    process.stderr.write(`prepare-models: ${String(text)}${how}\n`)
    process.exitCode = 2
  })
