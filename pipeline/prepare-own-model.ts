import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { HeadFamily } from '#gpu/heads/head-schema.ts'
import type { CatalogueCard, ExpectedBox, ModelCard, ModelInput } from '#gpu/model-card.ts'
import type { PixelBatch } from '#gpu/model.ts'
import { selfTestPicture } from '#gpu/self-test-picture.ts'
import type { Clock } from '#std/clock.ts'
import { messageOf } from '#std/coded-error.ts'
import { axesAttempts, notesOfAxes } from './axes-attempts.ts'
import { type CardOverrides, cardOverridesSchema } from './card-overrides.ts'
import { cardOfOnnx } from './card-of-onnx.ts'
import { readCatalogueCard } from './catalogue-card.ts'
import { readClassNames } from './class-names.ts'
import { sha256Of } from './model-sources.ts'
import { readOnnxFacts } from './onnx-facts.ts'
import { makeFolder, placeModel, readStanding } from './place-model.ts'
import { judgePlausibility } from './plausible.ts'
import { PrepareError } from './prepare-error.ts'
import { tryModel } from './try-model.ts'

/** What a person gives with a file of his own; null: to be told from the file. */
export interface OwnModel {
  readonly path: string
  /** Lower-case letters, digits and dashes; by default of the file's name. */
  readonly name: string | null
  readonly head: HeadFamily | null
  /** `coco80`, `coco91` or the path of a file with a name a line. */
  readonly classes: string | null
  readonly size: ModelInput['size'] | null
  /** A file with any part of the card. */
  readonly cardPath: string | null
  /** What becomes of a file that does not find on the photo what is there. */
  readonly implausible: 'refused' | 'accepted'
}

export interface PrepareOwnModelOptions {
  readonly own: OwnModel
  /** Where `<name>.onnx` and `<name>.json` come to lie. */
  readonly dir: string
  /** Folder of the self-test's photo, which set-up fetches. */
  readonly photoDir: string
  readonly ffmpegPath: string
  readonly clock: Clock
  readonly onLine: (line: string) => void
}

/** The catalogue's model: its classes are COCO's, its self-test says who is on the photo. */
const reference = 'yolox-nano'

/**
 * A user's own ONNX file -> one that serves, and its card: made of the file's metadata and shapes, tried on the photo
 * of the self-test, with what it finds there recorded as what it must find at every start. Does nothing where both
 * stand already. Throws PrepareError; what is in doubt is asked for by name.
 */
export async function prepareOwnModel(options: PrepareOwnModelOptions): Promise<ModelCard> {
  const { own, dir, onLine } = options
  const known = await readCatalogueCard(reference)
  const raw = await readRaw(own.path)
  const facts = readOnnxFacts(raw)
  const card = cardOfOnnx(facts, {
    name: nameOf(own),
    head: own.head,
    size: own.size,
    classes: own.classes === null ? null : await readClassNames(own.classes, known.classes),
    overrides: await readOverrides(own.cardPath),
    file: { name: basename(own.path), bytes: raw.length, sha256: sha256Of(raw) },
    scene: { photo: known.selfTest.photo, picture: known.selfTest.picture },
  })
  const attempts = axesAttempts(facts, card)
  for (const attempt of attempts) {
    const standing = await readStanding(attempt.card, dir)
    if (standing === null) continue
    onLine(`${card.name}: ready (sha256 ${standing.prepared.sha256.slice(0, 12)})`)
    return standing
  }
  const failures: string[] = []
  for (const attempt of attempts) {
    const picture = await pictureOf(attempt.card, options)
    const { axes } = attempt
    const trial = await tryModel(raw, attempt.card, { axes, picture, clock: options.clock })
    if (trial.kind === 'fails') {
      failures.push(trial.reason)
      continue
    }
    const scene = { people: known.selfTest.boxes, coco80: known.classes }
    const verdict = judgePlausibility(card, scene, trial)
    if (verdict.kind === 'implausible' && own.implausible === 'refused')
      throw new PrepareError('model_implausible', `${card.name}: ${verdict.sentence}. ${hint}`)
    const said = verdict.kind === 'implausible' ? [verdict.sentence] : verdict.notes
    await makeFolder(dir)
    const placed = await placeModel(dir, {
      card: withRecord(attempt.card, trial.asIs),
      model: trial.model,
      raw,
      from: 'path',
      keeps: 'raw-file',
      batchMax: axes.batch === 'free' ? null : axes.batch,
      notes: [...notesOfAxes(facts, attempt, failures), ...said],
    })
    tell(placed, onLine)
    return placed
  }
  throw new PrepareError(
    'model_unknown',
    `onnxruntime cannot run ${own.path}: ${failures.at(-1) ?? ''}`,
  )
}

const hint =
  'Give what differs in a file as --card, or --accept-implausible where the model is right as it is'

function tell({ name, licence, head, input, prepared }: ModelCard, onLine: (line: string) => void) {
  const { size } = input
  const sides = 'longSide' in size ? `long side ${size.longSide}` : `${size.width}x${size.height}`
  onLine(`${name}: head ${head.family}, ${sides}, ${input.colourOrder}, ${input.fit}`)
  onLine(`${name}: licence: ${licence}`)
  for (const note of prepared.notes) onLine(`${name}: ${note}`)
  onLine(`${name}: prepared (sha256 ${prepared.sha256.slice(0, 12)})`)
}

/** Only boxes that rounding cannot bring below the threshold: weaker ones may come and go. */
function withRecord(card: CatalogueCard, found: readonly ExpectedBox[]): CatalogueCard {
  const { selfTest, thresholds } = card
  const boxes = found.filter(({ score }) => score >= thresholds.score + selfTest.scoreTolerance)
  return { ...card, selfTest: { ...selfTest, boxes } }
}

async function pictureOf(
  card: CatalogueCard,
  options: PrepareOwnModelOptions,
): Promise<PixelBatch> {
  const photoPath = join(options.photoDir, basename(card.selfTest.photo.member))
  const picture = await selfTestPicture(card, { photoPath, ffmpegPath: options.ffmpegPath })
  if (picture.kind === 'picture') return picture.batch
  const remedy = picture.of === 'photo' ? '; “npm start” fetches it' : ''
  throw new PrepareError('model_unavailable', `${picture.sentence}${remedy}`)
}

async function readRaw(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new PrepareError(
      'model_unavailable',
      `cannot read --model ${path}: ${messageOf(cause)}`,
      {
        cause,
      },
    )
  }
}

function nameOf({ name, path }: OwnModel): string {
  const given = name ?? plainName(basename(path).replace(/\.onnx$/i, ''))
  if (/^[a-z0-9][a-z0-9-]*$/.test(given) && given !== reference) return given
  throw new PrepareError(
    'usage',
    given === reference
      ? `${reference} is the name of the default model: give another --name`
      : `--name “${given}” must be lower-case letters, digits and dashes`,
  )
}

function plainName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}

async function readOverrides(path: string | null): Promise<CardOverrides> {
  if (path === null) return {}
  const invalid = (sentence: string, cause?: unknown): PrepareError =>
    new PrepareError('card_invalid', `--card ${path}: ${sentence}`, { cause })
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    throw invalid(messageOf(cause), cause)
  }
  const result = cardOverridesSchema.safeParse(json)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}
