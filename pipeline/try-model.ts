import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HeadOutput } from '#gpu/heads/head.ts'
import { type InspectableModel, openModel, type PixelBatch } from '#gpu/model.ts'
import type { CatalogueCard, ExpectedBox } from '#gpu/model-card.ts'
import { withSwappedColours } from '#gpu/self-test-picture.ts'
import type { Clock } from '#std/clock.ts'
import { CodedError, messageOf } from '#std/coded-error.ts'
import { placeModel } from './place-model.ts'
import { type PreparedAxes, prepareGraph } from './prepare-graph.ts'

export interface TriedModel {
  readonly model: Uint8Array
  /** What it finds on the picture of the self-test, and with red and blue swapped. */
  readonly asIs: readonly ExpectedBox[]
  readonly swapped: readonly ExpectedBox[]
}

export type Trial =
  ({ readonly kind: 'runs' } & TriedModel) | { readonly kind: 'fails'; readonly reason: string }

/**
 * Prepares a raw file with these axes freed, loads it on the CPU and runs it on the picture: it must run, give finite
 * numbers, and give each picture of a batch what it gives it alone. Throws PrepareError where it cannot be prepared.
 */
export async function tryModel(
  raw: Uint8Array,
  card: CatalogueCard,
  options: { readonly axes: PreparedAxes; readonly picture: PixelBatch; readonly clock: Clock },
): Promise<Trial> {
  const { axes, picture, clock } = options
  const model = prepareGraph(raw, card, axes)
  const dir = await mkdtemp(join(tmpdir(), 'sightline-try-'))
  try {
    const batchMax = axes.batch === 'free' ? null : axes.batch
    await placeModel(dir, {
      card,
      model,
      raw,
      from: 'path',
      keeps: 'nothing-raw',
      batchMax,
      notes: [],
    })
    await using opened = await openModel({
      modelPath: join(dir, card.file),
      cardPath: join(dir, `${card.name}.json`),
      executionProviders: ['cpu'],
      intraOpThreads: 1,
      clock,
    })
    return await tryRuns(opened, { model, picture, axes })
  } catch (error) {
    // What onnxruntime throws of a graph that it cannot run is no CodedError.
    const isBug = error instanceof Error && error.name === 'AssertionError'
    if (isBug) throw error
    return { kind: 'fails', reason: reasonOf(error) }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function tryRuns(
  opened: InspectableModel,
  options: {
    readonly model: Uint8Array
    readonly picture: PixelBatch
    readonly axes: PreparedAxes
  },
): Promise<Trial> {
  const { model, picture, axes } = options
  const swappedPicture = withSwappedColours(picture)
  const alone = await opened.runRaw(picture)
  if (!alone.every(({ data }) => data.every(Number.isFinite)))
    return { kind: 'fails', reason: 'it gives numbers that are not finite' }
  if (axes.batch === 'free') {
    const other = await opened.runRaw(swappedPicture)
    const together = await opened.runRaw(pairOf(picture, swappedPicture))
    const isSame = together.every((output, i) => isPairOf(output, alone[i], other[i]))
    if (!isSame)
      return { kind: 'fails', reason: 'a picture gives other numbers in a batch than alone' }
  }
  const asIs = await boxesOf(opened, picture)
  const swapped = await boxesOf(opened, swappedPicture)
  return { kind: 'runs', model, asIs, swapped }
}

async function boxesOf(model: InspectableModel, picture: PixelBatch): Promise<ExpectedBox[]> {
  const [values = new Float32Array()] = (await model.run(picture)).detections
  return Array.from({ length: values.length / 6 }, (_, i) => {
    const [index = 0, score = 0, left = 0, top = 0, width = 0, height = 0] = values.subarray(i * 6)
    return { class: model.card.classes[index] ?? '?', score, left, top, width, height }
  })
}

function pairOf(one: PixelBatch, other: PixelBatch): PixelBatch {
  const pixels = new Uint8Array(one.pixels.length * 2)
  pixels.set(one.pixels)
  pixels.set(other.pixels, one.pixels.length)
  return { ...one, pixels, count: 2 }
}

function isPairOf(
  pair: HeadOutput,
  one: HeadOutput | undefined,
  other: HeadOutput | undefined,
): boolean {
  const values = [...(one?.data ?? []), ...(other?.data ?? [])]
  return (
    pair.data.length === values.length &&
    values.every(
      (value, i) => Math.abs((pair.data[i] ?? NaN) - value) <= 1e-3 * (1 + Math.abs(value)),
    )
  )
}

/** The first line: onnxruntime appends where in its source it happened. */
function reasonOf(error: unknown): string {
  const text = error instanceof CodedError ? error.message : messageOf(error)
  return text.split('\n')[0] ?? text
}
